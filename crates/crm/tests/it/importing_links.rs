//! Links to records of the file itself are set by the lines that count, and by no others.

use guanxi_crm::exchange::{Mapping, Run, import as run_dry};
use guanxi_crm::people::Customer;
use guanxi_record::{Record as _, Stored};
use guanxi_store::{Actor, Purpose, Store};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::{create, customer, open};
use crate::importing::{counts, file, import, reasons};

both_databases!(
    a_refused_line_sets_no_link,
    the_line_that_counts_says_the_link,
    records_without_a_key_are_linked,
    another_part_says_the_link_that_the_first_left_open,
);

const PARENT: &str = "parent = { column = \"owner\", find_by = \"name\" }";

fn mapping(keyed: &str, more: &str) -> String {
    let fields = "code = \"code\", name = \"name\", employees = \"employees\"";
    format!(
        "[[records]]\ntype = \"customer\"\nmatch = [{keyed}]\n{more}\n\
         fields = {{ {fields}, {PARENT} }}"
    )
}

async fn there(store: &Store, actor: &Actor, code: &str) -> Stored<Customer> {
    let one = Customer { code: Some(code.to_owned()), ..customer(code) };
    create(store, actor, &one).await
}

/// The name of the parent of the customer of a code.
async fn parent(store: &Store, actor: &Actor, field: &str, value: &str) -> Option<String> {
    let mut view = store.read(actor).await.unwrap();
    let row = view.find_by(Customer::NAME, field, value).await.unwrap().unwrap();
    let one: Stored<Customer> = row.try_into().unwrap();
    let parent = one.record.parent?;
    Some(view.fetch(Purpose::Read, parent).await.unwrap().record.name)
}

async fn a_refused_line_sets_no_link(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    there(&store, &actor, "A").await;
    there(&store, &actor, "X").await;
    for (more, line, reason) in [
        ("", "A,A,many,X", "not-a-number customer.employees"),
        ("", "A,A,1,X,more", "wrong-column-count -"),
        ("mode = \"create\"", "A,A,1,X", "already-there -"),
        ("on_repeat = \"refuse\"", "N,N,,\nA,,many,X", "not-a-number customer.employees"),
    ] {
        let text = format!("code,name,employees,owner\n{line}\n");
        let outcome = import(&store, &actor, &text, &mapping("\"code\"", more)).await.unwrap();
        let place = 1 + line.lines().count();
        assert_eq!(reasons(&outcome.refused), [format!("{place}: {reason}")], "{line}");
        assert_eq!(parent(&store, &actor, "code", "A").await, None, "{line}");
        let told = counts(&outcome.job).get(Customer::NAME).copied().unwrap_or_default();
        assert_eq!(told.without_link, 0, "{line}");
    }
}

async fn the_line_that_counts_says_the_link(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    there(&store, &actor, "X").await;
    there(&store, &actor, "Y").await;
    for (repeat, expected) in [("first", Some("X")), ("last", Some("Y")), ("refuse", Some("X"))] {
        // However the key is written, and although the second line alone says something new.
        let text = format!(
            "code,name,employees,owner\n{repeat},{repeat},1,X\n{repeat} ,{repeat},2,Y\n\
             none-{repeat},none-{repeat},,\nnone-{repeat},none-{repeat},,Y\n"
        );
        let more = format!("on_repeat = \"{repeat}\"");
        import(&store, &actor, &text, &mapping("\"code\"", &more)).await.unwrap();
        let told = parent(&store, &actor, "code", repeat).await;
        assert_eq!(told.as_deref(), expected, "{repeat}");
        let none = parent(&store, &actor, "code", &format!("none-{repeat}")).await;
        assert_eq!(none.is_some(), repeat == "last", "{repeat}");
    }
}

async fn records_without_a_key_are_linked(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = format!(
        "[[records]]\ntype = \"customer\"\nfields = {{ name = \"Name\", {} }}",
        PARENT.replace("owner", "Parent")
    );
    let text = "Name,Parent\nChild,Mother\nMother,Grandmother\nGrandmother,\nLost,Nobody\n\
                Child,Mother\n";
    let parsed = Mapping::parse(&toml).unwrap();
    let (file, job) = (file(text), store.new_id());
    let dry = run_dry(&store, &actor, job, file.path(), &parsed, Run::Dry, |_, _| {}).await;
    let outcome = import(&store, &actor, text, &toml).await.unwrap();
    let told = counts(&outcome.job);
    assert_eq!(dry.unwrap().counts, told);
    assert_eq!((told[Customer::NAME].created, told[Customer::NAME].without_link), (4, 1));
    assert_eq!(reasons(&outcome.refused), ["5: link-to-nothing customer.parent"]);
    for (name, expected) in
        [("Child", Some("Mother")), ("Mother", Some("Grandmother")), ("Lost", None)]
    {
        assert_eq!(parent(&store, &actor, "name", name).await.as_deref(), expected, "{name}");
    }
}

async fn another_part_says_the_link_that_the_first_left_open(database: TestDatabase) {
    let (store, actor) = open(&database).await;
    let toml = format!(
        "[[records]]\ntype = \"customer\"\nmatch = [\"name\"]\nfields = {{ name = \"seller\" }}\n\
         [[records]]\ntype = \"customer\"\nmatch = [\"name\"]\n\
         fields = {{ name = \"buyer\", {PARENT} }}"
    );
    let text = "seller,buyer,owner\nS,B,S\nB,S,B\n";
    import(&store, &actor, text, &toml).await.unwrap();
    // B is first named as a buyer of S; S, named as a seller without an owner, gets one by line 3 but
    // for the ring that it would close.
    assert_eq!(parent(&store, &actor, "name", "B").await.as_deref(), Some("S"));
    assert_eq!(parent(&store, &actor, "name", "S").await, None);
}
