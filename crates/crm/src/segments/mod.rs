//! Segments: customers chosen by what is known about them, and looked at together.

mod alike;
mod bought;
mod choosing;
mod membership;
mod prices;
mod profile;
mod records;

pub use alike::{Alike, Likeness, alike};
pub use choosing::{Choosing, Glance, expand};
pub use membership::{Move, moves, parts, refresh_all};
pub use profile::{Profile, Share, profile};
pub use records::{Segment, SegmentKind, SegmentMember};
