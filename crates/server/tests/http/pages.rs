//! Every page of every record type is drawn, in both languages, with and without records.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use guanxi_crm::RECORD_TYPES;
use guanxi_crm::demo::{Demo, make_demo};
use guanxi_store::{Actor, NewSignIn, Origin, SignInKind};
use guanxi_testkit::{TestDatabase, both_databases};

use crate::house::House;

both_databases!(every_page_is_drawn);

async fn every_page_is_drawn(database: TestDatabase) {
    let house = House::open(&database).await;
    let system = Actor::system(Origin::Cli);
    let mut view = house.store.read(&system).await.unwrap();
    let user = view.find_by("user", "email", "admin@example.com").await.unwrap().unwrap();
    drop(view);
    let session =
        house.store.create_sign_in(user.id, NewSignIn::of(SignInKind::Session)).await.unwrap();
    for round in ["empty", "full"] {
        if round == "full" {
            let demo = Demo { seed: 1, customers: 12, orders_per_customer: 4.0 };
            make_demo(&house.store, &system, demo, |_| {}).await.unwrap();
        }
        for locale in ["en", "zh_cn"] {
            let get = async |path: &str| {
                let cookie = format!("guanxi_session={session}; guanxi_locale={locale}");
                let request = Request::get(path).header(header::COOKIE, cookie);
                let answer = house.send(request.body(Body::empty()).unwrap()).await;
                // What the product makes by itself has no form.
                let list = path.strip_suffix("/new").filter(|_| answer.status.is_redirection());
                if let Some(list) = list {
                    assert_eq!(answer.headers[header::LOCATION], list);
                    return answer.text;
                }
                assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
                // A key that has no text shows itself.
                for prefix in ["ui-", "refusal-", "number-", "import-step", "operation-", "area-"] {
                    let hole = format!(">{prefix}");
                    assert!(!answer.text.contains(&hole), "{path}: {hole}");
                }
                answer.text
            };
            get("/").await;
            get("/import").await;
            for record_type in RECORD_TYPES {
                let name = &record_type.name;
                let list = get(&format!("/{name}")).await;
                get(&format!("/{name}/new")).await;
                if let Some((_, rest)) = list.split_once("data-href=\"") {
                    let href = rest.split('"').next().unwrap();
                    get(href).await;
                    get(&format!("{href}/edit")).await;
                }
            }
        }
    }
}
