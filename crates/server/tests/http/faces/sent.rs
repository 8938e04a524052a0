//! What a browser sends of a form that nobody touched, as HTML says it.

/// The controls of the form with this attribute, with what each sends.
pub(crate) fn untouched(page: &str, form: &str) -> Vec<(String, String)> {
    let at = page.find(form).unwrap_or_else(|| panic!("no {form} in {page}"));
    let start = page[..at].rfind("<form").unwrap();
    let end = start + page[start..].find("</form>").unwrap();
    let mut sent = Vec::new();
    let mut select: Option<Select> = None;
    for tag in page[start..end].split('<').skip(1) {
        let (head, after) = tag.split_once('>').unwrap_or((tag, ""));
        let attribute = |name: &str| attribute(head, name);
        if head.starts_with("input") {
            let Some(name) = attribute("name") else { continue };
            let value = attribute("value").unwrap_or_default();
            let value = match attribute("type").as_deref() {
                Some("hidden") => value,
                Some("checkbox" | "radio") if attribute("checked").is_none() => continue,
                Some("submit" | "button" | "file") => continue,
                Some("number") if value.parse::<f64>().is_err() => String::new(),
                // A line has no line breaks.
                _ => value.replace(['\r', '\n'], ""),
            };
            sent.push((name, value));
        } else if head.starts_with("select") {
            select = attribute("name").map(|name| Select {
                name,
                is_several: attribute("multiple").is_some(),
                options: Vec::new(),
            });
        } else if head.starts_with("option") {
            if let Some(select) = &mut select {
                let value = attribute("value").unwrap_or_default();
                select.options.push((value, attribute("selected").is_some()));
            }
        } else if head.starts_with("/select") {
            sent.extend(select.take().into_iter().flat_map(Select::sent));
        } else if head.starts_with("textarea") {
            let Some(name) = attribute("name") else { continue };
            sent.push((name, unescaped(after).trim_start_matches('\n').to_owned()));
        }
    }
    // Whatever stands between lines is sent as one kind of line break.
    sent.into_iter().map(|(name, value)| (name, with_line_breaks(&value))).collect()
}

struct Select {
    name: String,
    is_several: bool,
    options: Vec<(String, bool)>,
}

impl Select {
    fn sent(self) -> Vec<(String, String)> {
        let chosen = self.options.iter().filter(|(_, selected)| *selected);
        let mut values: Vec<String> = chosen.map(|(value, _)| value.clone()).collect();
        if !self.is_several {
            values = values
                .pop()
                .or(self.options.first().map(|one| one.0.clone()))
                .into_iter()
                .collect();
        }
        values.into_iter().map(|value| (self.name.clone(), value)).collect()
    }
}

/// An attribute of a tag: its text, empty where it has none.
fn attribute(head: &str, name: &str) -> Option<String> {
    let mut rest = head.split_once(|letter: char| letter.is_whitespace())?.1.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|letter: char| letter == '=' || letter.is_whitespace());
        let known = &rest[..end.unwrap_or(rest.len())];
        let after = &rest[known.len()..];
        let (value, next) = match after.strip_prefix("=\"") {
            Some(quoted) => quoted.split_once('"').unwrap(),
            None => ("", after),
        };
        if known == name {
            return Some(unescaped(value));
        }
        rest = next.trim_start();
    }
    None
}

fn unescaped(text: &str) -> String {
    let marks = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    marks.iter().fold(text.to_owned(), |text, (mark, letter)| text.replace(mark, letter))
}

fn with_line_breaks(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n")
}
