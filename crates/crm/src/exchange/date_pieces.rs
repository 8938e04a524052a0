//! Which of the three numbers of a date is the year, the month and the day: by a name or a mark of
//! their own, else by their digits and by the order of the file. Read otherwise it is another day.

use guanxi_base::Date;

use super::dates::{DateOrder, DateReading};

/// A part of a date: a number of so many digits, which says what it is by a name or a mark behind
/// it, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) number: i16,
    pub(super) width: usize,
    pub(super) is: Option<Unit>,
}

/// What a number of a date counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Year,
    Month,
    Day,
}

/// Day, month and year from their pieces; and whether the year had two digits.
pub(super) fn ordered(pieces: [Piece; 3], reading: DateReading) -> Option<(Date, bool)> {
    let order = order_of(pieces, reading.order)?;
    let piece = |unit: Unit| {
        let at = order.iter().position(|one| *one == unit)?;
        Some(pieces[at]).filter(|piece| piece.is.is_none_or(|is| is == unit))
    };
    let (year, month, day) = (piece(Unit::Year)?, piece(Unit::Month)?, piece(Unit::Day)?);
    if month.width > 2 || day.width > 2 {
        return None;
    }
    let (year, is_short) = match year.width {
        4 => (year.number, false),
        2 => (reading.years.year(year.number), true),
        _ => return None,
    };
    let small = |number: i16| i8::try_from(number).ok();
    Some((Date::new(year, small(month.number)?, small(day.number)?).ok()?, is_short))
}

/// What each of three pieces is: by what they say themselves, else by their widths and the order.
fn order_of(pieces: [Piece; 3], order: DateOrder) -> Option<[Unit; 3]> {
    use Unit::{Day, Month, Year};
    let [first, second, third] = pieces;
    let is_year_first = first.width == 4 || (order == DateOrder::YearFirst && first.width == 2);
    Some(match pieces.map(|piece| piece.is) {
        // Two that say what they are leave one for the third.
        [Some(one), Some(two), other] => [one, two, other.or(left(one, two))?],
        [Some(one), other, Some(two)] => [one, other.or(left(one, two))?, two],
        [other, Some(one), Some(two)] => [other.or(left(one, two))?, one, two],
        [Some(Month), ..] => [Month, Day, Year],
        [_, Some(Month), _] if first.width == 4 => [Year, Month, Day],
        [_, Some(Month), _] if is_year_first && third.width == 2 => [Year, Month, Day],
        [_, Some(Month), _] => [Day, Month, Year],
        [_, _, Some(Month)] => return None,
        [Some(Year), ..] => [Year, Month, Day],
        [_, _, Some(Day)] => [Year, Month, Day],
        [Some(Day), ..] => [Day, Month, Year],
        [_, Some(Day), _] => [Month, Day, Year],
        [_, Some(Year), _] => return None,
        [None, None, Some(Year)] => match order {
            DateOrder::DayFirst => [Day, Month, Year],
            DateOrder::MonthFirst => [Month, Day, Year],
            DateOrder::YearFirst => return None,
        },
        [None, None, None] if second.width > 2 => return None,
        [None, None, None] if first.width == 4 => [Year, Month, Day],
        [None, None, None] => match order {
            DateOrder::DayFirst if first.width <= 2 => [Day, Month, Year],
            DateOrder::MonthFirst if first.width <= 2 => [Month, Day, Year],
            DateOrder::YearFirst if first.width == 2 => [Year, Month, Day],
            _ => return None,
        },
    })
}

/// What is left of day, month and year; none where two are the same.
fn left(one: Unit, two: Unit) -> Option<Unit> {
    let mut all = [Unit::Year, Unit::Month, Unit::Day].into_iter();
    (one != two).then(|| all.find(|unit| *unit != one && *unit != two)).flatten()
}
