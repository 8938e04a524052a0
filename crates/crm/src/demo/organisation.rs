//! The demo company's own people: teams, roles, territories.

use guanxi_base::{Id, RawId, Result};
use guanxi_record::{Choice, Email, Filter, LongText, Owner, Query, Record};
use guanxi_store::Tx;

use super::words::Words;
use super::{DEMO_MAIL, House, products};
use crate::access::{
    Company, Locale, Role, Team, Territory, User, make_standard_roles, standard_role,
};
use crate::dashboards::make_role_dashboards;
use crate::people::{Channel, CollectionPoint};
use crate::text::Texts;

/// Who works in which team, as what.
const STAFF: [(usize, &str); 6] = [
    (0, "sales_manager"),
    (1, "salesperson"),
    (1, "salesperson"),
    (2, "salesperson"),
    (3, "service_clerk"),
    (3, "reader"),
];
/// Who works through the cases.
const CLERK: usize = 4;
/// So many of them sell.
const SELLERS: usize = 4;

pub(super) async fn house(tx: &mut Tx, words: &Words) -> Result<House> {
    let company = Company {
        name: format!("{}{}", words.chinese("brand")[0], words.chinese("suffix")[0]),
        parent: None,
        short_name: Some(words.chinese("brand")[0].to_owned()),
        tax_number: None,
        currency: "CNY".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        address: None,
    };
    let company = tx.create(&company).await?.id;
    let teams = teams(tx, words, company).await?;
    let staff = staff(tx, words, &teams).await?;
    let mut sales = tx.fetch(guanxi_store::Purpose::Change, teams[0]).await?;
    sales.leader = Some(Owner(staff[0]));
    tx.update(&sales).await?;
    let territories = territories(tx, words, &staff).await?;
    let points = points(tx, &staff).await?;
    let products = products(tx, words).await?;
    let sellers = staff[..SELLERS].to_vec();
    Ok(House { company, sellers, clerk: staff[CLERK], territories, points, products })
}

async fn teams(tx: &mut Tx, words: &Words, company: Id<Company>) -> Result<Vec<Id<Team>>> {
    let mut teams: Vec<Id<Team>> = Vec::new();
    for (at, name) in words.chinese("team").iter().enumerate() {
        // Two groups sell under the first; service stands beside it.
        let parent = matches!(at, 1 | 2).then(|| teams[0]);
        let name = (*name).to_owned();
        let team = Team { name, parent, company: Some(company), leader: None };
        teams.push(tx.create(&team).await?.id);
    }
    Ok(teams)
}

async fn staff(tx: &mut Tx, words: &Words, teams: &[Id<Team>]) -> Result<Vec<RawId>> {
    let any = Query::of(Filter::everything()).limited(1);
    let roles = if tx.list(Role::NAME, &any).await?.rows.is_empty() {
        let text = |key: &str| Texts::of(Locale::ZhCn).get(key);
        let roles = make_standard_roles(tx, &text).await?;
        make_role_dashboards(tx, &roles, &text).await?;
        roles
    } else {
        known_roles(tx).await?
    };
    let mut staff = Vec::new();
    for (at, (team, role)) in STAFF.into_iter().enumerate() {
        let user = User {
            name: format!("{}{}", words.chinese("family")[at], words.chinese("given")[at]),
            email: Email(format!("staff{}{DEMO_MAIL}", at + 1)),
            phone: None,
            job_title: Some(words.chinese("post")[at].to_owned()),
            team: Some(teams[team]),
            roles: standard_role(&roles, role).into_iter().collect(),
            is_administrator: false,
            is_active: true,
            locale: if at % 3 == 2 { Locale::En } else { Locale::ZhCn },
            time_zone: super::TIME_ZONE.to_owned(),
        };
        staff.push(tx.create(&user).await?.id.raw());
    }
    Ok(staff)
}

/// The standard roles that are there already, whichever language named them.
async fn known_roles(tx: &mut Tx) -> Result<Vec<Id<Role>>> {
    let mut roles = Vec::new();
    for standard in crate::access::STANDARD_ROLES {
        let key = format!("role-{}", standard.key);
        for locale in [Locale::ZhCn, Locale::En] {
            let name = Texts::of(locale).get(&key);
            if let Some(row) = tx.find_by(Role::NAME, "name", name).await? {
                roles.push(Id::new(row.id));
                break;
            }
        }
    }
    Ok(roles)
}

/// A territory for every country, and in it one for every province.
async fn territories(
    tx: &mut Tx,
    words: &Words,
    staff: &[RawId],
) -> Result<Vec<(String, Id<Territory>)>> {
    let mut countries: Vec<(String, Id<Territory>)> = Vec::new();
    let mut provinces: Vec<(String, Id<Territory>)> = Vec::new();
    for place in words.places() {
        let country = place.country.replace('-', " ");
        let territory = |name: &str, parent, members: Vec<Id<User>>| Territory {
            name: name.to_owned(),
            parent,
            members,
            regions: Some(LongText(name.to_owned())),
            product_line: None,
            customer_class: None,
        };
        let known = countries.iter().find(|(known, _)| *known == country).map(|(_, id)| *id);
        let parent = match known {
            Some(id) => id,
            None => {
                let manager = vec![Id::new(staff[0])];
                let id = tx.create(&territory(&country, None, manager)).await?.id;
                countries.push((country, id));
                id
            }
        };
        if provinces.iter().all(|(known, _)| known != place.province)
            && place.province != place.country
        {
            let member = Id::new(staff[1 + provinces.len() % (SELLERS - 1)]);
            let made = tx.create(&territory(place.province, Some(parent), vec![member])).await?;
            provinces.push((place.province.to_owned(), made.id));
        }
    }
    provinces.extend(countries);
    Ok(provinces)
}

async fn points(tx: &mut Tx, staff: &[RawId]) -> Result<Vec<Id<CollectionPoint>>> {
    let mut points = Vec::new();
    for (at, channel) in CHANNELS.into_iter().enumerate() {
        let point = CollectionPoint {
            name: point_name(Locale::ZhCn, channel),
            channel,
            responsible: Owner(staff[at]),
            collectors: Vec::new(),
            record_type: "customer".to_owned(),
            fields: None,
            is_active: true,
            instructions: None,
        };
        points.push(tx.create(&point).await?.id);
    }
    Ok(points)
}

/// What a collection point of a channel is called.
pub(super) fn point_name(locale: Locale, channel: Channel) -> String {
    Texts::of(locale).get(&format!("collection-point.channel-{}", channel.code()))
}

/// The channels that the company collects by.
pub(super) const CHANNELS: [Channel; 4] =
    [Channel::WebForm, Channel::FieldVisit, Channel::Hotline, Channel::PointOfSale];
