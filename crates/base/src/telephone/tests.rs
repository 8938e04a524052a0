//! Which numbers are one.

use super::*;

fn same(one: &str, other: &str) -> bool {
    let read = |text: &str| Telephone::read(text).unwrap_or_else(|| panic!("{text}"));
    read(one).is_same(&read(other)) && read(other).is_same(&read(one))
}

#[test]
fn one_telephone_is_written_in_many_ways() {
    for group in [
        &[
            "13800138000",
            "+86 138 0013 8000",
            "8613800138000",
            "0086-138-0013-8000",
            "(+86)138.0013.8000",
            "１３８００１３８０００",
            "tel:+86-138-0013-8000",
        ][..],
        &["0755-26001234", "+86 755 2600 1234", "(0755) 26001234", "00867552600 1234"],
        &["0573-8212345", "+86 573 8212345", "05738212345"],
        &["+14155550123", "(415) 555-0123", "415.555.0123", "1-415-555-0123", "4155550123"],
        &["+49 (0)30 901820", "030 901820", "0049 30 901820", "+49 30 90 18 20"],
        &["+44 20 7946 0000", "+44 (0)20 7946 0000", "020 7946 0000", "+4402079460000"],
        &["+7 495 123-45-67", "8 (495) 123-45-67"],
        &["0755-26001234 转 801", "0755-26001234 ext. 801", "+8675526001234x801"],
    ] {
        for other in group {
            assert!(same(group[0], other), "{} {other}", group[0]);
        }
    }
    assert!(same("0755-26001234 转 801", "0755-26001234"));
}

#[test]
fn other_telephones_are_others() {
    for (one, other) in [
        ("13800138000", "13800138001"),
        ("+86 13800138000", "+1 3800138000"),
        ("+65 6123 4567", "+852 6123 4567"),
        ("0755-26001234 转 801", "0755-26001234 转 802"),
        ("010-26001234", "021-26001234"),
        ("12345", "212345"),
    ] {
        assert!(!same(one, other), "{one} {other}");
    }
    for text in ["", "-", "n/a", "无", "12", "call me", "1234567890123456789", "138x", "a5555555"]
    {
        assert_eq!(Telephone::read(text), None, "{text}");
    }
}

#[test]
fn what_is_kept_is_plain() {
    for (text, kept) in [
        ("+86 (138) 0013-8000", "+8613800138000"),
        ("０７５５－２６００１２３４", "075526001234"),
        ("0755–26001234 转801", "075526001234x801"),
        ("0755-26001234 ext 801", "075526001234x801"),
        ("+44 (0)20 7946 0000", "+442079460000"),
    ] {
        assert_eq!(Telephone::kept(text).as_deref(), Some(kept), "{text}");
        assert_eq!(Telephone::kept(kept).as_deref(), Some(kept), "{text}");
    }
    assert_eq!(Telephone::kept("call me"), None);
    assert_eq!(Telephone::kept("1234"), None);
}

#[test]
fn parts_are_looked_for_by_their_digits() {
    assert_eq!(telephone_digits("+86 139"), ["86139"]);
    assert_eq!(telephone_digits("0573-8212345"), ["5738212345"]);
    assert_eq!(telephone_digits("0123"), ["0123", "123"]);
    assert!(telephone_digits("000").is_empty() && telephone_digits("so-12").is_empty());
}
