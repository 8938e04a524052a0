// Sets light or dark before the page is drawn: what the person chose, else what the system says.
const dark = matchMedia("(prefers-color-scheme: dark)");
function apply(): void {
  const chosen = document.documentElement.dataset.theme;
  document.documentElement.dataset.bsTheme = chosen || (dark.matches ? "dark" : "light");
}
apply();
dark.addEventListener("change", apply);
