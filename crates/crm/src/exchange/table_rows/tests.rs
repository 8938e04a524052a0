//! Tables with what people and programs put between and below their records, and records that look
//! like it.

use super::*;

/// The rows of a table that are no records: the number of each, and why.
fn refused(headers: &[&str], rows: &[&[&str]]) -> Vec<(u64, &'static str)> {
    let headers: Vec<String> = headers.iter().map(ToString::to_string).collect();
    let rows = rows.iter().zip(2..);
    let rows: Vec<FileRow> =
        rows.map(|(row, place)| FileRow::new(row.iter().copied().collect(), place)).collect();
    let mut looking = Looking::new(headers.len(), false);
    for row in rows.iter().filter(|row| !names_columns(row, &headers)) {
        looking.row(row);
    }
    let found = looking.found();
    let refusal = |row: &FileRow| Some((row.place(), found.refusal(row, &headers)?.code));
    rows.iter().filter_map(refusal).collect()
}

const SALES: [&str; 4] = ["产品", "数量", "单价", "金额"];
const SOLD: [&[&str]; 3] =
    [&["螺丝", "2", "3", "6"], &["螺母", "1", "4", "4"], &["垫圈", "5", "2", "10"]];

#[test]
fn sums_below_a_table_are_no_records() {
    for cells in [
        ["合计", "8", "", "20"],
        ["合 计", "1", "2", ""],
        ["总计（元）", "", "", "60"],
        ["合计：", "10", "5.5", "60"],
        ["汇总", "", "", "20"],
        ["总计金额", "", "", "20"],
        ["Ergebnis", "", "", "20"],
        ["Gesamt", "8", "", "20"],
        ["小计（华东）", "8", "", "20"],
        ["Total general", "1", "", ""],
        ["本页合计", "", "", "6"],
        ["累计", "", "", "60"],
        ["共计3项", "", "", ""],
        ["总计: 60", "", "", ""],
        ["Total", "2", "¥6.00", "12 %"],
        ["", "小计", "2", "6.00"],
        ["O1", "合计", "2", "6.00"],
        ["Grand Total", "-", "-", "1,234.00"],
        ["TOTAL", "", "", ""],
        // By their numbers, or by how little else they have.
        ["East Total", "8", "", "20"],
        ["华东小计", "8", "", ""],
        ["Summe Ost", "", "", "20"],
        ["Alles zusammen", "8", "", "20"],
        ["", "8", "", "20"],
    ] {
        let rows: Vec<&[&str]> = SOLD.into_iter().chain([&cells[..]]).collect();
        assert_eq!(refused(&SALES, &rows), [(5, "total-row")], "{cells:?}");
        // More pages may follow.
        let rows: Vec<&[&str]> = rows.into_iter().chain(SOLD).collect();
        assert_eq!(refused(&SALES, &rows), [(5, "total-row")], "{cells:?}");
    }
}

#[test]
fn sums_of_parts_of_a_table_are_no_records() {
    let rows: &[&[&str]] = &[
        &["Alpha", "2", "1", "6"],
        &["Beta", "3", "1", "4"],
        &["East", "5", "", "10"],
        &["Gamma", "1", "1", "7"],
        &["Delta", "1", "1", "8"],
        &["Epsilon", "4", "1", "1"],
        &["West", "6", "", "16"],
        &["All", "11", "", "26"],
    ];
    let all = [(4, "total-row"), (8, "total-row"), (9, "total-row")];
    assert_eq!(refused(&SALES, rows), all);
    // A number that happens to be the sum of those above is no sum where all cells are filled.
    let rows: &[&[&str]] = &[
        &["Alpha", "2", "1", "6"],
        &["Beta", "3", "1", "4"],
        &["Gamma", "5", "2", "10"],
        &["Delta", "10", "4", "20"],
    ];
    assert_eq!(refused(&SALES, rows), []);
}

#[test]
fn footers_are_no_records() {
    for cells in [
        ["审核人：李四", "", "", ""],
        ["制表日期：2026-03-01", "", "主管：王五", ""],
        ["制表人：张三  审核：李四", "", "", ""],
        ["制表人：", "张三", "审核：", "李四"],
        ["打印日期", "", "", ""],
        ["打印日期", "2026-03-01", "", ""],
        ["第1页/共2页", "", "", ""],
        ["Page 1 of 2", "", "", ""],
        ["Seite 1 von 2", "", "", ""],
        ["Printed on: 3 March", "", "", ""],
        ["备注：以上价格含税", "", "", ""],
        ["会计", "李四", "", ""],
    ] {
        let rows: Vec<&[&str]> = SOLD.into_iter().chain([&cells[..]]).collect();
        assert_eq!(refused(&SALES, &rows), [(5, "footer-row")], "{cells:?}");
    }
}

#[test]
fn headings_between_records_are_no_records() {
    let rows: &[&[&str]] = &[
        &["华东区", "", "", ""],
        &["螺丝", "2", "3", "6"],
        &["螺母", "1", "4", "4"],
        &["", "", "Nord", ""],
        &["垫圈", "5", "2", "10"],
    ];
    assert_eq!(refused(&SALES, rows), [(2, "section-row"), (5, "section-row")]);
    // Where most rows have one cell, that is how the table is.
    let rows: &[&[&str]] =
        &[&["A", "", "", ""], &["B", "", "", ""], &["C", "", "", ""], &["D", "1", "2", "3"]];
    assert_eq!(refused(&SALES, rows), []);
    let rows: &[&[&str]] = &[&["A", ""], &["B", "1"], &["C", "2"]];
    assert_eq!(refused(&["name", "city"], rows), []);
}

#[test]
fn records_that_look_like_sums_and_footers_are_records() {
    let columns = ["name", "city", "phone", "staff"];
    let full: [&[&str]; 3] = [
        &["Acme", "Berlin", "030 1234567", "12"],
        &["华为技术有限公司", "深圳", "0755 1234567", "9"],
        &["Globex", "Paris", "01 234567", "3"],
    ];
    for cells in [
        ["Total Energies", "Paris", "01 44556677", "5"],
        ["Total Energies", "Paris", "", ""],
        ["Total", "Paris", "01 44556677", "5"],
        ["合计科技有限公司", "上海", "", "24"],
        ["Summe GmbH", "Köln", "", "24"],
        ["Summe GmbH", "", "0221 123456", ""],
        ["会计", "李四", "010 1234567", ""],
        ["会计师事务所", "北京", "", ""],
        ["Note", "Rome", "06 1234567", ""],
        ["Note: wrong invoice", "Rome", "06 1234567", ""],
        ["累计流量计", "北京", "", "24"],
        ["审核人工作站", "北京", "", "24"],
        ["Total 7000", "Bonn", "", "24"],
    ] {
        let rows: Vec<&[&str]> = full.into_iter().chain([&cells[..]]).chain(full).collect();
        assert_eq!(refused(&columns, &rows), [], "{cells:?}");
    }
    // Others are filled so, and stand behind it.
    let rows: &[&[&str]] = &[
        &["经理", "张三", "", ""],
        &["会计", "李四", "", ""],
        &["出纳", "王五", "", ""],
        &["主管", "赵六", "", ""],
    ];
    assert_eq!(refused(&["职务", "姓名", "电话", "邮箱"], rows), []);
    assert_eq!(refused(&["subject"], &[&["Note: wrong invoice"], &["Late"]]), []);
}

#[test]
fn the_header_again_is_no_record() {
    let again: &[&str] = &["产品", "数量", " 单价 ", "金额"];
    assert_eq!(refused(&SALES, &[SOLD[0], again, SOLD[1]]), [(3, "header-again")]);
}
