//! Days and months of instants by the clocks of the reader, as they stood then: a chart counts what
//! the lists behind its marks show, in the database and in the warehouse.

use guanxi_base::{TimeZone, Timestamp};
use guanxi_crm::access::Locale;
use guanxi_crm::dashboards::{Chart, ChartKind, Dashboard, Drawn, draw, grouped};
use guanxi_crm::segments::Choosing;
use guanxi_crm::text::Texts;
use guanxi_crm::work::{Interaction, InteractionKind};
use guanxi_record::{Aggregate, Measure, Stored, Value};
use guanxi_store::{Actor, Store};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, customer, open};

both_databases!(instants_are_of_the_day_by_the_offset_of_their_own_time);

/// Zones with summer time, with half an hour of it, turned round, put back over midnight, changed by
/// law, with a day left out, with summer time of long ago, and without any.
const ZONES: [&str; 10] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "America/St_Johns",
    "Europe/Moscow",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Asia/Shanghai",
    "UTC",
];

/// Around the ends of months and the changes of the zones; before 1970 too, to the microsecond.
const INSTANTS: [&str; 24] = [
    "1969-12-31T22:59:59.999999Z",
    "1969-12-31T23:00:00Z",
    "1988-06-30T15:30:00Z",
    "1991-06-30T15:30:00Z",
    "2009-11-01T02:30:30Z",
    "2009-11-01T02:31:30Z",
    "2009-11-01T03:31:00Z",
    "2011-12-30T09:59:59Z",
    "2011-12-30T10:00:00Z",
    "2012-06-30T20:30:00Z",
    "2015-06-30T20:30:00Z",
    "2018-11-04T02:59:00Z",
    "2018-11-04T03:01:00Z",
    "2018-12-01T02:30:00Z",
    "2020-12-01T02:30:00Z",
    "2025-03-30T00:59:59Z",
    "2025-03-30T01:00:00Z",
    "2025-03-31T22:30:00Z",
    "2025-05-31T22:00:00Z",
    "2025-07-31T22:15:00Z",
    "2025-10-26T00:30:00Z",
    "2025-10-26T01:30:00Z",
    "2025-10-31T23:30:00Z",
    "2025-12-31T23:30:00Z",
];

fn chart(on: &Stored<Dashboard>, bucket: &str) -> Chart {
    Chart {
        dashboard: on.id,
        name: bucket.into(),
        kind: ChartKind::Line,
        record_type: "interaction".into(),
        condition: None,
        group_by: Some(format!("at:{bucket}")),
        split_by: None,
        measure: "count".into(),
        target: None,
        marks: 500,
        place: 0,
    }
}

async fn of_list(store: &Store, actor: &Actor, address: &str) -> Value {
    let condition = address.split_once('?').map_or("", |(_, condition)| condition);
    let wanted = Aggregate {
        filter: guanxi_crm::access::conditions::parse(condition).unwrap(),
        group_by: Vec::new(),
        measures: vec![Measure::count()],
        with_archived: false,
    };
    let mut view = store.read(actor).await.unwrap();
    view.aggregate("interaction", &wanted).await.unwrap().remove(0).measures.remove(0)
}

/// The marks that are not nothing: label, number, address.
fn marks(drawn: &Drawn) -> Vec<(String, f64, String)> {
    let told = drawn.shapes.iter().map(|shape| {
        let mark = shape.marks[0].as_ref().unwrap();
        (shape.label.clone(), mark.number(), mark.address.clone().unwrap())
    });
    told.filter(|(_, number, _)| *number > 0.0).collect()
}

async fn instants_are_of_the_day_by_the_offset_of_their_own_time(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let who = create(&store, &actor, &customer("Far Away")).await;
    let on = Dashboard {
        name: "All".into(),
        description: None,
        role: None,
        is_shared: false,
        owner: None,
    };
    let on = create(&store, &actor, &on).await;
    for instant in INSTANTS {
        let at: Timestamp = instant.parse().unwrap();
        let one = Interaction {
            subject: "Call".into(),
            kind: InteractionKind::Call,
            customer: who.id,
            contact: None,
            at,
            direction: None,
            minutes: None,
            case: None,
            source: None,
            owner: None,
            notes: None,
        };
        create(&store, &actor, &one).await;
    }
    let (_folder, warehouse) = crate::insights::warehouse();
    crate::insights::follow(&store, &warehouse).await;
    let texts = Texts::of(Locale::En);
    for zone in ZONES {
        let reader = Actor { time_zone: TimeZone::get(zone).unwrap(), ..actor.clone() };
        for bucket in ["day", "month", "quarter", "year"] {
            let chart = chart(&on, bucket);
            let mut view = store.read(&reader).await.unwrap();
            let slow = draw(&mut view, texts, &chart, None).await.unwrap();
            let choosing = Choosing::begin(&store, &warehouse, &reader).await.unwrap();
            let ahead = grouped(&choosing, &chart).await.unwrap().unwrap();
            let fast = draw(&mut view, texts, &chart, Some(ahead)).await.unwrap();
            drop(view);
            let all = marks(&slow);
            assert_eq!(all, marks(&fast), "{zone} {bucket}");
            let total: f64 = all.iter().map(|(_, number, _)| number).sum();
            // Of days and months only the last five hundred are drawn.
            let is_whole = ["quarter", "year"].contains(&bucket);
            assert!(!is_whole || total == INSTANTS.len() as f64, "{zone} {bucket} {total}");
            for (label, number, address) in &all {
                let found = of_list(&store, &reader, address).await;
                assert_eq!(found, Value::Integer(*number as i64), "{zone} {label} {address}");
            }
        }
    }
    // Looked at in winter, the last evening of July is one of August in Berlin.
    let reader = Actor { time_zone: TimeZone::get("Europe/Berlin").unwrap(), ..actor };
    let mut view = store.read(&reader).await.unwrap();
    let drawn = draw(&mut view, texts, &chart(&on, "month"), None).await.unwrap();
    let months: Vec<String> = marks(&drawn).into_iter().map(|(label, ..)| label).collect();
    for wanted in ["2025-04", "2025-06", "2025-08", "2025-11", "2026-01"] {
        assert!(months.iter().any(|month| month == wanted), "{wanted}: {months:?}");
    }
}
