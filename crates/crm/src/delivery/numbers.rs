//! Telling people of charts: as they are at a time, or when a number is above or below another.

use std::collections::BTreeSet;

use guanxi_base::{Error, Result};
use guanxi_record::{Stored, Value};
use guanxi_store::{Purpose, View};
use sha2::{Digest as _, Sha256};

use super::records::Alert;
use super::telling::{Teller, Told};
use crate::dashboards::{Chart, Dashboard, Mark, charts_of, draw, group_ahead, number};
use crate::text::Texts;

impl Teller<'_> {
    /// What the charts show now; with an alert only when there are marks that were not told. And of
    /// which marks it is told then.
    pub(super) async fn charts(
        &self,
        known: BTreeSet<String>,
    ) -> Result<(Option<Told>, BTreeSet<String>)> {
        let texts = Texts::of(self.user.locale);
        let mut view = self.store.read(&self.actor).await?;
        let subscribed = self.subscribed(&mut view).await?;
        drop(view);
        let mut charts = Vec::new();
        for chart in subscribed {
            let ahead = group_ahead(self.store, self.warehouse, &self.actor, &chart).await?;
            let mut view = self.store.read(&self.actor).await?;
            match draw(&mut view, texts, &chart, ahead).await {
                Ok(drawn) => charts.push((chart, drawn)),
                // What they may not ask they are not told.
                Err(Error::Refused(_) | Error::Forbidden | Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        let passing: BTreeSet<String> = match (self.one.alert, self.one.alert_at) {
            (Some(alert), Some(limit)) => {
                let limit = number(&Value::Decimal(limit));
                let marks = charts.iter().flat_map(|(_, drawn)| drawn.shapes.iter());
                let marks = marks.flat_map(|shape| shape.marks.iter().flatten());
                let passes = |number: f64| match alert {
                    Alert::Above => number > limit,
                    Alert::Below => number < limit,
                };
                marks
                    .filter(|mark| passes(mark.number()))
                    .filter_map(|mark| self.sign(mark))
                    .collect()
            }
            _ => BTreeSet::new(),
        };
        if charts.is_empty() {
            return Ok((None, passing));
        }
        let fresh = passing.difference(&known).count();
        if self.one.alert.is_some() && fresh == 0 {
            return Ok((None, passing));
        }
        let address = match (self.one.dashboard, self.one.chart) {
            (Some(dashboard), _) => format!("/dashboard/{dashboard}"),
            (None, Some(chart)) => format!("/chart/{chart}"),
            (None, None) => return Ok((None, passing)),
        };
        let (title, text) = match self.one.alert {
            None => {
                (texts.format("notice-charts-title", &[("name", &self.one.name)]), String::new())
            }
            Some(alert) => {
                let limit = self.one.alert_at.map(|limit| limit.to_string()).unwrap_or_default();
                let key = match alert {
                    Alert::Above => "notice-above",
                    Alert::Below => "notice-below",
                };
                let title = texts.format("notice-alert-title", &[("name", &self.one.name)]);
                let args = [("limit", limit.as_str()), ("count", &fresh.to_string())];
                (title, texts.format(key, &args))
            }
        };
        let told = self.told(title, text, Vec::new(), address);
        Ok((Some(Told { charts, ..told }), passing))
    }

    /// The charts, as far as the person may see them.
    async fn subscribed(&self, view: &mut View) -> Result<Vec<Stored<Chart>>> {
        if let Some(chart) = self.one.chart {
            return Ok(vec![view.fetch(Purpose::Read, chart).await?]);
        }
        let Some(dashboard) = self.one.dashboard else { return Ok(Vec::new()) };
        let _seen: Stored<Dashboard> = view.fetch(Purpose::Read, dashboard).await?;
        charts_of(view, dashboard).await
    }

    /// By what a mark is known again. The subscription is read by others, who may not see all that
    /// is drawn for this one: neither name nor number stands in it. What is put together of others
    /// is no mark of its own.
    fn sign(&self, mark: &Mark) -> Option<String> {
        let address = mark.address.as_ref()?;
        let sign = Sha256::digest(format!("{} {address}", self.user.id.raw().0));
        Some(sign[..8].iter().map(|byte| format!("{byte:02x}")).collect())
    }
}
