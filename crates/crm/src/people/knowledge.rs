//! What is known about a customer from what they did: computed, never typed.

use guanxi_record::Choice;

/// Where a customer is in their life with us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Choice)]
pub enum LifeStage {
    /// We know of them.
    Potential,
    /// They meet our standard of who is worth an effort.
    Prospect,
    /// They have bought once.
    FirstPurchase,
    /// They came back.
    Repeat,
    /// They come back time and again, for long.
    Loyal,
    /// They have been away for too long.
    Lost,
    /// They were lost and have bought again.
    WonBack,
}

/// Where the relationship stands, by how the business with them moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Choice)]
pub enum RelationshipStage {
    /// It has just begun.
    Opening,
    /// It is too early to say how the business moves.
    Early,
    /// They buy more than before.
    Growth,
    /// They buy as before.
    Maturity,
    /// They buy less than before, or are late.
    Decline,
    /// They are lost.
    Ended,
}

/// What ties them to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Choice)]
pub enum RelationLevel {
    /// The price: whoever passes by.
    Casual,
    /// The product.
    Buyer,
    /// Their needs, which we meet.
    Customer,
    /// The value that we make for each other.
    Partner,
}

/// The class by the share of the business that they and the larger ones make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Choice)]
pub enum AbcClass {
    /// The few that make most of it.
    A,
    /// Those who make most of the rest.
    B,
    /// The many.
    C,
}

/// Whether a customer's value and our capability to serve them go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Choice)]
pub enum Fit {
    /// Both are high.
    Match,
    /// They are worth much, and we can serve them little.
    ReachUp,
    /// They are worth little, and we could serve them well.
    ReachDown,
    /// Neither is high.
    Apart,
}

/// Why a customer left, as people found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Choice)]
pub enum LossReason {
    /// Others are cheaper.
    Price,
    /// What we delivered was not good enough.
    Quality,
    /// How we dealt with them was not.
    Service,
    /// It came too late or not at all.
    Delivery,
    /// Somebody else offers what we do not.
    Competitor,
    /// They need it no more.
    NoNeed,
    /// They are no more, or have moved away.
    Gone,
}
