// What the pages cannot do without a script: a palette, suggestions, selection, warnings. Nothing
// that a rule decides happens here, and no page needs it to show its content.
import "htmx.org";

type Hit = { type: string; id: string; title: string };

const text = (name: string): string => document.body.dataset[name] ?? "";
const $ = <T extends HTMLElement>(selector: string, root: ParentNode = document): T | null =>
  root.querySelector<T>(selector);

async function search(words: string, type: string, signal: AbortSignal): Promise<Hit[]> {
  const url = `/api/v1/search?q=${encodeURIComponent(words)}${type ? `&type=${type}` : ""}`;
  const answer = await fetch(url, { signal, headers: { accept: "application/json" } });
  return answer.ok ? (await answer.json()).items : [];
}

/** A list of options below a text field, moved through by arrows. */
class Options<T> {
  private items: T[] = [];
  private at = -1;
  constructor(
    private input: HTMLInputElement,
    private list: HTMLUListElement,
    private draw: (item: T, row: HTMLLIElement) => void,
    private choose: (item: T) => void,
  ) {
    input.addEventListener("keydown", (event) => this.key(event));
    list.addEventListener("mousedown", (event) => {
      const row = (event.target as HTMLElement).closest("li");
      if (row) { event.preventDefault(); this.choose(this.items[[...list.children].indexOf(row)]); }
    });
  }
  show(items: T[]): void {
    this.items = items;
    this.list.replaceChildren(...items.map((item, at) => {
      const row = document.createElement("li");
      row.role = "option";
      row.id = `${this.list.id}-${at}`;
      this.draw(item, row);
      return row;
    }));
    this.list.hidden = items.length === 0;
    this.input.setAttribute("aria-expanded", String(items.length > 0));
    this.move(items.length > 0 ? 0 : -1);
  }
  private move(to: number): void {
    this.at = to;
    [...this.list.children].forEach((row, at) => row.setAttribute("aria-selected", String(at === to)));
    const row = this.list.children[to];
    if (row) {
      this.input.setAttribute("aria-activedescendant", row.id);
      row.scrollIntoView({ block: "nearest" });
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }
  private key(event: KeyboardEvent): void {
    if (event.isComposing || this.items.length === 0) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      this.move((this.at + step + this.items.length) % this.items.length);
    } else if (event.key === "Enter" && this.at >= 0) {
      event.preventDefault();
      this.choose(this.items[this.at]);
    }
  }
}

// The palette: every page and every record, by Ctrl+K or Cmd+K.
type Place = { title: string; kind: string; href: string };
function palette(): void {
  const dialog = $<HTMLDialogElement>("dialog.gx-palette");
  if (!dialog) return;
  const input = $<HTMLInputElement>("input", dialog)!;
  const list = $<HTMLUListElement>("ul", dialog)!;
  const pages: Place[] = [...document.querySelectorAll<HTMLAnchorElement>("[data-place]")].map(
    (link) => ({ title: link.textContent!.trim(), kind: link.dataset.place!, href: link.href }));
  const options = new Options<Place>(input, list, (place, row) => {
    const [title, kind] = [document.createElement("span"), document.createElement("span")];
    title.textContent = place.title;
    kind.textContent = place.kind;
    row.append(title, kind);
  }, (place) => { location.href = place.href; });
  const labels = JSON.parse(text("types") || "{}") as Record<string, string>;
  let running = new AbortController();
  const refresh = async (): Promise<void> => {
    running.abort();
    running = new AbortController();
    const words = input.value.trim();
    const here = pages.filter((p) => p.title.toLowerCase().includes(words.toLowerCase())).slice(0, 8);
    options.show(here);
    if (!words) return;
    try {
      const hits = await search(words, "", running.signal);
      const found = hits.map((hit) =>
        ({ title: hit.title, kind: labels[hit.type] ?? hit.type, href: `/${hit.type}/${hit.id}` }));
      options.show([...found, ...here]);
    } catch { /* a newer search took its place */ }
  };
  input.addEventListener("input", () => void refresh());
  const open = (): void => { dialog.showModal(); input.value = ""; void refresh(); };
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  document.querySelectorAll("[data-open-palette]").forEach((b) => b.addEventListener("click", open));
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}

/** One more of several records that a field links to, ticked. */
function chip(box: HTMLElement, hit: Hit): void {
  const name = box.dataset.many!;
  const chips = box.previousElementSibling!;
  const known = [...chips.querySelectorAll<HTMLInputElement>("input[type=checkbox]")].find((one) => one.value === hit.id);
  if (known) { known.checked = true; return; }
  const label = document.createElement("label");
  label.className = "form-check form-check-inline";
  const [tick, title, words] = [document.createElement("input"), document.createElement("input"), document.createElement("span")];
  Object.assign(tick, { type: "checkbox", name: `${name}.id`, value: hit.id, checked: true, className: "form-check-input" });
  Object.assign(title, { type: "hidden", name: `${name}.title.${hit.id}`, value: hit.title });
  words.className = "form-check-label";
  words.textContent = hit.title;
  label.append(tick, title, words);
  chips.append(label);
}

// Link fields suggest records while one types; the id travels in a hidden field.
function suggestions(root: ParentNode): void {
  root.querySelectorAll<HTMLElement>(".gx-suggest").forEach((box, number) => {
    if (box.dataset.ready) return;
    box.dataset.ready = "1";
    const input = $<HTMLInputElement>("input[type=text]", box)!;
    const hidden = $<HTMLInputElement>("input[type=hidden]", box)!;
    const shown = $<HTMLInputElement>("[data-shown]", box);
    const list = document.createElement("ul");
    list.id = `suggest-${input.name}-${number}`;
    list.role = "listbox";
    list.setAttribute("aria-label", input.labels?.[0]?.textContent ?? input.name);
    list.hidden = true;
    box.append(list);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", list.id);
    const options = new Options<Hit>(input, list, (hit, row) => { row.textContent = hit.title; },
      (hit) => {
        options.show([]);
        if (box.dataset.many) {
          chip(box, hit);
          input.value = "";
          input.dispatchEvent(new Event("input", { bubbles: true }));
          return;
        }
        input.value = hit.title;
        hidden.value = hit.id;
        if (shown) shown.value = hit.title;
        hidden.dispatchEvent(new Event("change", { bubbles: true }));
      });
    let running = new AbortController();
    input.addEventListener("input", async () => {
      hidden.value = "";
      running.abort();
      running = new AbortController();
      if (!input.value.trim()) { options.show([]); return; }
      try {
        options.show(await search(input.value, box.dataset.type!, running.signal));
      } catch { /* a newer search took its place */ }
    });
    input.addEventListener("blur", () => options.show([]));
    input.addEventListener("keydown", (event) => { if (event.key === "Escape") options.show([]); });
  });
}

// 省, 市, 区: each field offers what lies in the one before; other places are typed as ever.
type City = [string, string[]];
type Province = [string, City[]];
function addresses(): void {
  let list: Promise<Province[]> | undefined;
  document.querySelectorAll<HTMLElement>("fieldset.gx-address").forEach((box, number) => {
    const field = (part: string): HTMLInputElement => $<HTMLInputElement>(`[name$=".${part}"]`, box)!;
    const parts = ["province", "city", "district"];
    for (const part of parts) {
      const options = document.createElement("datalist");
      options.id = `divisions-${number}-${part}`;
      field(part).setAttribute("list", options.id);
      field(part).autocomplete = "off";
      box.append(options);
    }
    const refresh = async (): Promise<void> => {
      list ??= fetch(`/assets/divisions.json?v=${text("assets")}`).then((answer) => answer.json());
      const provinces = await list;
      const cities = provinces.find(([name]) => name === field("province").value)?.[1] ?? [];
      const districts = cities.find(([name]) => name === field("city").value)?.[1] ?? [];
      // Where there is only one city, it is that one.
      if (cities.length === 1 && !field("city").value) { field("city").value = cities[0][0]; return refresh(); }
      const offered: string[][] = [provinces.map(([name]) => name), cities.map(([name]) => name), districts];
      parts.forEach((part, at) => {
        const options = document.getElementById(`divisions-${number}-${part}`)!;
        options.replaceChildren(...offered[at].map((name) => new Option(name, name)));
      });
    };
    box.addEventListener("focusin", () => void refresh());
    box.addEventListener("change", (event) => {
      const at = parts.findIndex((part) => field(part) === event.target);
      // What lay in another province is no longer meant.
      if (at >= 0) parts.slice(at + 1).forEach((part) => { field(part).value = ""; });
      void refresh();
    });
  });
}

// Leaving a form with unsaved changes asks; a draft of what was changed survives a reload, as long as
// nobody else has changed the record.
function forms(): void {
  const form = $<HTMLFormElement>("form[data-draft]");
  if (!form) return;
  const version = $<HTMLInputElement>("[name=version]", form)?.value ?? "";
  const key = `draft:${location.pathname}${location.search}:${version}`;
  const fields = (): [string, string][] =>
    [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !["version", "once"].includes(name)) as [string, string][];
  const begun = fields();
  const before = JSON.stringify(begun);
  const told = (name: string, value: string): string => JSON.stringify([name, value]);
  const known = new Set(begun.map(([name, value]) => told(name, value)));
  const changes = (): [string, string][] => fields().filter(([name, value]) => !known.has(told(name, value)));
  const draft = sessionStorage.getItem(key);
  if (draft && !$("[aria-invalid]", form)) {
    for (const [name, value] of JSON.parse(draft) as [string, string][]) {
      const field = form.elements.namedItem(name);
      if (field instanceof HTMLInputElement && ["checkbox", "radio"].includes(field.type)) continue;
      if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement) {
        field.value = value;
      }
    }
  }
  let leaving = false;
  const changed = (): boolean => JSON.stringify(fields()) !== before;
  form.addEventListener("input", () => sessionStorage.setItem(key, JSON.stringify(changes())));
  const done = (): void => { leaving = true; sessionStorage.removeItem(key); };
  form.addEventListener("submit", done);
  $("[data-cancel]", form)?.addEventListener("click", done);
  addEventListener("beforeunload", (event) => { if (!leaving && changed()) event.preventDefault(); });
  $<HTMLElement>("[aria-invalid]", form)?.focus();
}

/** Whoever comes back to a form that was sent comes back to that form: the server knows what was made of it. */
function keys(): void {
  const form = $<HTMLFormElement>("form[data-draft]");
  const field = form && $<HTMLInputElement>("[name=once]", form);
  // What is changed has its version against it.
  if (!field || $("[name=version]", form)) return;
  const known = (history.state as { once?: string } | null)?.once;
  if (known) field.value = known;
  else history.replaceState({ ...history.state, once: field.value }, "");
}

/** A second press while the first is on its way sends nothing: it would only be answered as the first was. */
function once(): void {
  const MOMENT_MS = 2_000;
  const sent = new WeakMap<HTMLFormElement, number>();
  addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (form.method !== "post" || event.defaultPrevented) return;
    const now = Date.now();
    if (now - (sent.get(form) ?? 0) < MOMENT_MS) event.preventDefault();
    else sent.set(form, now);
  });
}

/** A cell of a list becomes a control: Enter and Tab save, Escape brings the value back. */
async function editCell(cell: HTMLTableCellElement): Promise<void> {
  const row = cell.closest("tr")!;
  const place = (): HTMLTableCellElement => row.cells[at];
  const at = cell.cellIndex;
  const url = cell.dataset.edit!;
  const show = async (answer: Response): Promise<void> => {
    const text = await answer.text();
    if (!answer.ok && answer.status !== 422) { alert(text); return; }
    const parts = document.createElement("template");
    parts.innerHTML = text;
    const toast = $(".gx-toast", parts.content);
    place().replaceWith($("td", parts.content)!);
    const change = toast && $<HTMLInputElement>("[name=change_set]", toast)?.value;
    if (change && row.closest("[data-parts]")) {
      // The sums of the whole follow its parts.
      location.href = `${location.pathname}?saved=${change}#parts`;
      return;
    }
    if (toast) {
      $(".gx-toast")?.remove();
      document.body.append(toast);
      setTimeout(() => toast.remove(), 8000);
    }
    const form = $<HTMLFormElement>("form.gx-cell", place());
    if (!form) { row.focus(); return; }
    let over = false;
    const end = (answer: Promise<Response>): void => { if (!over) { over = true; void answer.then(show); } };
    const save = (): void =>
      end(fetch(url, { method: "POST", body: new URLSearchParams(new FormData(form) as unknown as Record<string, string>) }));
    form.addEventListener("submit", (event) => { event.preventDefault(); save(); });
    form.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      event.stopPropagation();
      if (event.key === "Escape") end(fetch(`${url}?show=1`));
      else if (event.key === "Tab" || (event.key === "Enter" && !(event.target instanceof HTMLTextAreaElement))) {
        event.preventDefault();
        save();
      }
    });
    $<HTMLElement>("#cell", form)?.focus();
  };
  await show(await fetch(url));
}

// Tables: one tab stop, arrows move, Space selects, Enter opens; a bar acts on the selection.
function tables(): void {
  const table = $<HTMLTableElement>("table[data-list]");
  if (!table) return;
  const rows = (): HTMLTableRowElement[] => [...table.tBodies[0].rows].filter((row) => row.dataset.href);
  const box = (row: HTMLTableRowElement): HTMLInputElement | null => $("input[type=checkbox]", row);
  table.addEventListener("keydown", (event) => {
    const row = (event.target as HTMLElement).closest("tr") as HTMLTableRowElement | null;
    if (!row || event.target !== row) return;
    const all = rows();
    const at = all.indexOf(row);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1,
      PageDown: Math.min(at + 10, all.length - 1), PageUp: Math.max(at - 10, 0) }[event.key];
    if (to !== undefined && all[to]) {
      event.preventDefault();
      row.tabIndex = -1;
      all[to].tabIndex = 0;
      all[to].focus();
    } else if (event.key === "Enter") {
      location.href = row.dataset.href!;
    } else if (event.key === "F2") {
      const cell = $<HTMLTableCellElement>("td[data-edit]", row);
      if (cell) { event.preventDefault(); void editCell(cell); }
    } else if (event.key === " ") {
      event.preventDefault();
      box(row)?.click();
    }
  });
  let opening: ReturnType<typeof setTimeout>;
  table.addEventListener("click", (event) => {
    const target = event.target as HTMLElement;
    const row = target.closest("tr") as HTMLTableRowElement | null;
    if (!row?.dataset.href || target.closest("input,button,label,form,select")) return;
    const link = target.closest<HTMLAnchorElement>("a");
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
    if (link && (elsewhere || !target.closest("td[data-edit]"))) return;
    // A second click means the value: neither the row nor the address in it.
    event.preventDefault();
    clearTimeout(opening);
    const place = link?.href ?? row.dataset.href;
    if (event.detail === 1) opening = setTimeout(() => { location.href = place; }, 250);
  });
  table.addEventListener("dblclick", (event) => {
    const cell = (event.target as HTMLElement).closest<HTMLTableCellElement>("td[data-edit]");
    if (cell && !$("form", cell)) void editCell(cell);
  });
  const bar = $<HTMLFormElement>("form.gx-bulk");
  if (!bar) return;
  const matching = $<HTMLButtonElement>("[data-all-matching]", bar);
  const refresh = (): void => {
    const chosen = table.querySelectorAll<HTMLInputElement>("tbody input:checked");
    bar.hidden = chosen.length === 0;
    $("[data-count]", bar)!.textContent = String(chosen.length);
    $<HTMLInputElement>("[name=ids]", bar)!.value = [...chosen].map((one) => one.value).join(",");
    $<HTMLInputElement>("[name=all]", bar)!.value = "";
    if (matching) matching.hidden = false;
  };
  matching?.addEventListener("click", () => {
    $<HTMLInputElement>("[name=all]", bar)!.value = "true";
    const count = $("[data-count]", bar)!;
    count.textContent = matching.dataset.label!;
    matching.hidden = true;
    void fetch(matching.dataset.total!).then((answer) => answer.text()).then((said) => {
      if ($<HTMLInputElement>("[name=all]", bar)!.value === "true" && said) count.innerHTML = said;
    });
  });
  table.addEventListener("change", (event) => {
    const target = event.target as HTMLInputElement;
    if (target.dataset.all !== undefined) {
      rows().forEach((row) => { const one = box(row); if (one) one.checked = target.checked; });
    }
    refresh();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || bar.hidden) return;
    table.querySelectorAll<HTMLInputElement>("input:checked").forEach((one) => { one.checked = false; });
    refresh();
  });
}

// Dialogs open by a button and give the focus back when they close.
function dialogs(): void {
  document.addEventListener("click", (event) => {
    const target = event.target as HTMLElement;
    const opener = target.closest<HTMLElement>("[data-dialog]");
    if (opener) document.querySelector<HTMLDialogElement>(`#${opener.dataset.dialog}`)?.showModal();
    if (target.closest("[data-close]") || target instanceof HTMLDialogElement) target.closest("dialog")?.close();
    const open = target.closest<HTMLElement>("[data-open]");
    if (open) {
      const details = $<HTMLDetailsElement>(open.dataset.open!);
      if (details) { details.open = true; $<HTMLElement>("input:not([type=hidden])", details)?.focus(); }
    }
    const mover = target.closest<HTMLElement>("[data-move]");
    const item = mover?.closest("li");
    if (mover && item) {
      if (mover.dataset.move === "-1") item.previousElementSibling?.before(item);
      else item.nextElementSibling?.after(item);
      mover.focus();
    }
    document.querySelectorAll<HTMLDetailsElement>("details.gx-menu[open]").forEach((menu) => {
      if (!menu.contains(target) && !open) menu.open = false;
    });
  });
  document.addEventListener("keydown", (event) => {
    const menu = $<HTMLDetailsElement>("details.gx-menu[open]");
    if (event.key === "Escape" && menu) { menu.open = false; $<HTMLElement>("summary", menu)?.focus(); }
  });
  $<HTMLFormElement>("#columns form")?.addEventListener("submit", (event) => {
    // One parameter with commas reads better in an address than many.
    const boxes = [...(event.target as HTMLFormElement).querySelectorAll<HTMLInputElement>("[name=columns]")];
    const chosen = boxes.filter((box) => box.checked);
    chosen.slice(1).forEach((box) => { chosen[0].value += `,${box.value}`; box.disabled = true; });
  });
}

function shell(): void {
  const nav = $(".gx-nav");
  const button = $<HTMLButtonElement>(".gx-menu-button");
  button?.addEventListener("click", () => {
    const open = nav!.toggleAttribute("data-open");
    button.setAttribute("aria-expanded", String(open));
  });
  document.querySelectorAll<HTMLFormElement>("form[data-confirm]").forEach((form) =>
    form.addEventListener("submit", (event) => { if (!confirm(form.dataset.confirm)) event.preventDefault(); }));
  const toast = $(".gx-toast");
  if (toast) setTimeout(() => toast.remove(), 8000);
  const shortcuts: Record<string, string> = { n: "[data-key=n]", e: "[data-key=e]", "/": "[data-key='/']" };
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    const typing = target.closest("input,textarea,select,dialog") || event.isComposing;
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "?") { document.querySelector<HTMLDialogElement>("#shortcuts")?.showModal(); return; }
    const found = shortcuts[event.key] && $<HTMLElement>(shortcuts[event.key]);
    if (found) { event.preventDefault(); if (found instanceof HTMLInputElement) found.focus(); else found.click(); }
  });
}

palette();
suggestions(document);
// What comes later into a page suggests too.
document.addEventListener("htmx:load", (event) => suggestions(event.target as HTMLElement));
$<HTMLInputElement>("form[data-add] input[type=text]")?.focus();
addresses();
keys();
forms();
once();
tables();
dialogs();
shell();
