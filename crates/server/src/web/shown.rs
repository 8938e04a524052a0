//! What a form showed of the record that it changes: a field that comes back as it was shown keeps what it
//! holds, to its last letter, whatever a browser makes of line ends and however its text would be read anew.

use std::borrow::Cow;
use std::collections::BTreeSet;

use guanxi_record::{Address, Field, Kind, Meaning, RecordType, Row, Value};
use guanxi_store::Titles;

use super::fields::{Entries, has_three_states};

/// What a form showed of a record.
pub(crate) struct Shown<'a> {
    entries: Entries,
    described: &'a RecordType,
    row: &'a Row,
}

impl<'a> Shown<'a> {
    pub(crate) fn of(described: &'a RecordType, row: &'a Row, titles: &Titles) -> Self {
        Self { entries: Entries::of(described, &row.values, titles), described, row }
    }

    /// What a field holds, where a form was sent in which nobody touched it.
    pub(super) fn untouched(&self, field: &Field, sent: &Entries) -> Option<&Value> {
        let place = self.described.position(&field.name)?;
        let held = self.row.values.get(place).filter(|value| !value.is_null())?;
        self.is_untouched(field, sent).then_some(held)
    }

    fn is_untouched(&self, field: &Field, sent: &Entries) -> bool {
        let name = field.name.as_ref();
        let is_long = matches!(field.kind, Kind::LongText | Kind::Json);
        let came_back = |part: &str| {
            let name = format!("{name}{part}");
            // Choices are sent in the order in which they are offered.
            let texts = |entries: &Entries| -> BTreeSet<String> {
                entries.all(&name).iter().map(|text| sent_text(text, is_long)).collect()
            };
            texts(&self.entries) == texts(sent)
        };
        // How conditions come back is known to those who put them together.
        if matches!(field.means, Some(Meaning::Condition(_))) {
            return came_back("") && !super::form_parts::is_put_together(sent);
        }
        match &field.kind {
            Kind::Boolean => has_three_states(field) && came_back(""),
            Kind::Money => came_back("") && came_back(".currency"),
            Kind::Address => Address::PARTS.iter().all(|part| came_back(&format!(".{part}"))),
            Kind::File => came_back(".id") && sent.text(&format!("{name}.remove")).is_empty(),
            Kind::Links { .. } => came_back(".id") && sent.text(name).trim().is_empty(),
            // A time comes back with the instant that it was.
            Kind::Instant => false,
            kind if kind.link_target().is_some() => came_back("") && came_back(".id"),
            _ => came_back(""),
        }
    }
}

/// A text as a control sends it when nobody touched it: several lines end in one way, one line has no end.
fn sent_text(text: &str, is_long: bool) -> String {
    let text = with_plain_line_ends(text);
    if is_long { text.into_owned() } else { text.replace('\n', "").trim().to_owned() }
}

/// A text of which each line ends alike: browsers send two letters where one is kept.
pub(super) fn with_plain_line_ends(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A text of several lines as it is kept, by what a form sent: what was there, where only its line ends
/// came back otherwise.
pub(super) fn long_text(sent: &str, held: Option<&str>) -> Option<String> {
    match held {
        Some(held) if with_plain_line_ends(held) == sent => Some(held.to_owned()),
        _ => Some(sent.trim_end()).filter(|text| !text.trim().is_empty()).map(str::to_owned),
    }
}
