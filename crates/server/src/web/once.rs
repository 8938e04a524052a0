//! Forms that are sent twice: a press too many, a page that is loaded again, the way back, a copy of a tab. Every
//! form that makes something carries a key; what comes a second time under it leads where the first led, and
//! what else comes under it is not saved in silence.

use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::text::Texts;
use guanxi_store::{Purpose, Remembered};
use maud::{Markup, html};
use serde_json::{Value as Json, json};

use super::fields::Entries;
use super::format;
use crate::api::parse_id;
use crate::app::App;
use crate::once::{self, Write, fingerprint};
use crate::signed_in::SignedIn;

/// The control that carries the key.
const KEY: &str = "once";
/// What a form says beside what it makes: its key, and where to go then.
const BESIDES: [&str; 2] = [KEY, "then"];
const KEY_CHARACTERS_MAX: usize = 40;
/// A browser goes on with a GET.
const SEE_OTHER: u16 = 303;

/// The key of a form, which it keeps for as long as nothing was made of it.
pub(super) fn key_of(signed: &SignedIn, entries: &Entries) -> String {
    match entries.text(KEY) {
        "" => signed.form_key.to_string(),
        known => known.to_owned(),
    }
}

/// The control that carries the key of a form.
pub(super) fn key_control(key: &str) -> Markup {
    html! { input type="hidden" name=(KEY) value=(key) autocomplete="off"; }
}

/// From now on a form is another one: what it holds may be saved beside what was made of it.
pub(super) fn renew(entries: &mut Entries) {
    entries.set(KEY, String::new());
}

/// What a form is known by that was sent.
pub(super) struct Once {
    key: Option<String>,
    request: String,
}

/// Whether what a form says is to be done.
pub(super) enum Begun {
    New(Box<Write>),
    /// It was: the place to which that led.
    Again(String),
    /// The form said something else before, or what came of it is there no longer.
    Before(Before),
}

/// What came of a form that was sent before.
pub(super) struct Before(Option<Made>);

struct Made {
    record_type: String,
    id: RawId,
    title: String,
}

impl Once {
    /// Of a form that does this with what it holds.
    pub(super) fn of(what: &str, entries: &Entries) -> Self {
        let key = Some(entries.text(KEY)).filter(|key| !key.is_empty());
        let key = key.filter(|key| key.len() <= KEY_CHARACTERS_MAX);
        let contents = serde_json::to_vec(&entries.besides(&BESIDES)).unwrap_or_default();
        let key = key.map(|key| format!("form {what} {key}"));
        Self { key, request: fingerprint(what, &contents) }
    }

    /// Begins to do what the form says.
    pub(super) async fn begin(&self, app: &App, signed: &SignedIn) -> Result<Begun> {
        let begun = once::begin(app, &signed.actor, self.key.clone(), &self.request).await?;
        Ok(match begun {
            once::Begun::New(write) => Begun::New(write),
            once::Begun::Other(answer) => Begun::Before(Before(made(app, signed, &answer).await?)),
            once::Begun::Known(answer) => match made(app, signed, &answer).await? {
                Some(_) => Begun::Again(place(&answer)),
                None => Begun::Before(Before(None)),
            },
        })
    }

    /// Begins to change a record that is there: who says something else with the same form has its version
    /// against them.
    pub(super) async fn begin_change(&self, app: &App, signed: &SignedIn) -> Result<Begun> {
        match self.begin(app, signed).await? {
            Begun::Before(_) => {
                let request = self.request.clone();
                Self { key: None, request }.begin(app, signed).await
            }
            begun => Ok(begun),
        }
    }
}

/// The answer to a form: where it leads, and the record that came of it.
pub(super) fn led(to: &str, record_type: &str, id: RawId) -> Remembered {
    let response = json!({ "to": to, "type": record_type, "id": id.to_string() });
    Remembered { status: SEE_OTHER, response: response.to_string() }
}

fn read(answer: &Remembered) -> Json {
    serde_json::from_str(&answer.response).unwrap_or_default()
}

fn place(answer: &Remembered) -> String {
    read(answer)["to"].as_str().unwrap_or("/").to_owned()
}

/// The record that came of a form, as long as it is there for whoever sends it again.
async fn made(app: &App, signed: &SignedIn, answer: &Remembered) -> Result<Option<Made>> {
    let known = read(answer);
    let text = |name: &str| known[name].as_str().unwrap_or_default().to_owned();
    let (record_type, id) = (text("type"), parse_id(&text("id"))?);
    let mut view = app.store.read(&signed.actor).await?;
    let described = view.catalog().get(&record_type)?.clone();
    match view.row(&record_type, id, Purpose::Read).await {
        Ok(row) if row.archived_at.is_none() => {
            Ok(Some(Made { title: row.title(&described), record_type, id }))
        }
        Ok(_) | Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Before {
    /// Why nothing was saved.
    pub(super) fn refusal(&self) -> Refusal {
        match &self.0 {
            Some(made) => Refusal::new("form-was-saved").with("title", &made.title),
            None => Refusal::new("form-was-taken-back"),
        }
    }

    /// The same above the form, which may be saved as another one.
    pub(super) fn notice(&self, texts: &Texts) -> Markup {
        html! {
            div class="alert alert-warning" role="alert" {
                p { (format::sentence(&texts.refusal(&self.refusal()))) " " (texts.get("ui-form-save-again")) }
                @if let Some(made) = &self.0 {
                    a href=(format!("/{}/{}", made.record_type, made.id)) { (made.title) }
                }
            }
        }
    }
}

/// Whether a form was refused because something was made of it before.
pub(super) fn was_sent_before(refusals: &[Refusal]) -> bool {
    let codes = ["form-was-saved", "form-was-taken-back"];
    refusals.iter().any(|refusal| codes.contains(&refusal.code))
}
