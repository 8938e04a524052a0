//! Mail that goes out: put into the queue with the change that it tells of, sent by a worker, tried
//! again while the mail server is away. Its text is sealed in the queue: it may hold a link by which
//! somebody signs in.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use guanxi_base::{Error, RawId, Refusal, Result};
use guanxi_crm::access::Vault;
use guanxi_store::{JobState, NewJob, Store};
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The queue of mails.
pub(crate) const QUEUE: &str = "mail";

/// The server that takes our mail.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// `smtp://user:password@host:port`, `smtps://…`; `?tls=required` for STARTTLS.
    pub url: String,
    /// Whom mails come from, such as `Guanxi <crm@example.com>`.
    pub from: String,
}

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    /// The same with tables and pictures, if there are any.
    #[serde(default)]
    pub(crate) html: Option<String>,
    /// The pictures in it, PNG in Base64: the first is called `picture-0`.
    #[serde(default)]
    pub(crate) pictures: Vec<String>,
}

impl Mail {
    /// Of words alone.
    pub(crate) fn plain(to: String, subject: String, text: String) -> Self {
        Self { to, subject, text, html: None, pictures: Vec::new() }
    }
}

#[derive(Debug)]
pub(crate) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    pub(crate) fn new(config: &MailConfig) -> Result<Self> {
        let wrong = |error: &dyn std::fmt::Display| {
            Error::internal(format!("the mail server cannot be used: {error}"))
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&config.url);
        let transport = transport.map_err(|error| wrong(&error))?.build();
        let from = config.from.parse().map_err(|error| wrong(&error))?;
        Ok(Self { transport, from })
    }

    pub(crate) async fn send(&self, mail: &Mail) -> Result<()> {
        let to: Mailbox = mail
            .to
            .parse()
            .map_err(|_| Refusal::field("not-an-email", "to").with("value", &mail.to))?;
        let message = Message::builder().from(self.from.clone()).to(to).subject(&mail.subject);
        let message = match &mail.html {
            None => message.header(ContentType::TEXT_PLAIN).body(mail.text.clone()),
            Some(html) => message.multipart(with_pictures(mail, html)?),
        };
        let message = message.map_err(Error::internal)?;
        self.transport.send(message).await.map(drop).map_err(Error::internal)
    }
}

/// Words for those who read words, and the same with pictures.
fn with_pictures(mail: &Mail, html: &str) -> Result<MultiPart> {
    let mut related = MultiPart::related().singlepart(SinglePart::html(html.to_owned()));
    let png: ContentType = "image/png".parse().map_err(Error::internal)?;
    for (at, picture) in mail.pictures.iter().enumerate() {
        let bytes = BASE64_STANDARD.decode(picture).map_err(Error::internal)?;
        let picture = Attachment::new_inline(format!("picture-{at}")).body(bytes, png.clone());
        related = related.singlepart(picture);
    }
    let plain = SinglePart::plain(mail.text.clone());
    Ok(MultiPart::alternative().singlepart(plain).multipart(related))
}

/// Puts a mail into the queue.
pub(crate) async fn enqueue(store: &Store, vault: &Vault, mail: &Mail) -> Result<RawId> {
    let id = store.new_id();
    let plain = serde_json::to_vec(mail).map_err(Error::internal)?;
    let sealed = vault.seal(QUEUE, &plain)?;
    let job = NewJob { queue: QUEUE, payload: json!({ "sealed": sealed }), actor: None };
    store.enqueue(id, job).await?;
    Ok(id)
}

/// Sends the next mail of the queue; false when there is none.
pub(crate) async fn send_next(store: &Store, vault: &Vault, mailer: &Mailer) -> Result<bool> {
    let Some(job) = store.claim_job(QUEUE).await? else { return Ok(false) };
    let sealed = job.payload["sealed"].as_str().unwrap_or_default();
    let mail = vault.open(QUEUE, sealed).and_then(|plain| serde_json::from_slice(&plain).ok());
    let Some(mail) = mail else {
        let reason = Some("sealed with another key".to_owned());
        store.set_job_state(job.id, JobState::Failed, reason).await?;
        return Ok(true);
    };
    match mailer.send(&mail).await {
        Ok(()) => drop(store.set_job_state(job.id, JobState::Done, None).await?),
        Err(error @ Error::Refused(_)) => {
            store.set_job_state(job.id, JobState::Failed, Some(error.to_string())).await?;
        }
        // The lease runs out, and it is tried again.
        Err(error) => tracing::warn!(%error, "a mail was not taken; it is tried again"),
    }
    Ok(true)
}
