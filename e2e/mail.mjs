// A real mail server for tests.
import { SMTPServer } from "smtp-server";

/** A mail server that keeps what it is sent. */
export async function startMail() {
  const mails = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS", "AUTH"],
    onData(stream, session, done) {
      let text = "";
      stream.on("data", (chunk) => { text += chunk; });
      stream.on("end", () => { mails.push({ to: session.envelope.rcptTo[0].address, text: decode(text) }); done(); });
    },
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const next = async (to) => {
    for (let wait = 0; wait < 2_000; wait += 1) {
      const at = mails.findIndex((mail) => mail.to === to);
      if (at >= 0) return mails.splice(at, 1)[0].text;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no mail to ${to}`);
  };
  return { port: server.server.address().port, next, mails, stop: () => new Promise((resolve) => server.close(resolve)) };
}

/** The text of a mail as a person reads it. */
function decode(mail) {
  const [head, ...body] = mail.split("\r\n\r\n");
  const text = body.join("\r\n\r\n");
  if (/base64/i.test(head)) return Buffer.from(text, "base64").toString("utf8");
  if (/quoted-printable/i.test(head)) {
    const bytes = text.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
    return Buffer.from(bytes, "latin1").toString("utf8");
  }
  return text;
}
