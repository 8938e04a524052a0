//! The pairs that were known when a run began, as the warehouse has them.

use std::collections::{HashMap, HashSet};

use guanxi_base::{Percent, RawId, Result};
use guanxi_record::{Choice as _, Record as _};
use guanxi_store::Store;
use guanxi_warehouse::{Manifest, NO_NUMBER, Warehouse};

use super::find::Likely;
use super::records::{CustomerMerge, CustomerPair, PairState, Relation};

/// A pair that is known already.
pub(super) struct Known {
    id: RawId,
    /// What became of it; none where somebody put it away.
    state: Option<PairState>,
    relation: String,
    certainty: i64,
}

impl Known {
    fn open(&self) -> Option<(RawId, PairState)> {
        let state = self.state?;
        matches!(state, PairState::Open | PairState::Outdated).then_some((self.id, state))
    }
}

/// Two customers, the one that came first first.
pub(super) type Two = (RawId, RawId);

/// What is known already.
pub(super) struct Before {
    pairs: HashMap<Two, Known>,
    /// Those that a run merged by itself.
    automatic: HashSet<Two>,
}

impl Before {
    pub(super) async fn read(
        warehouse: &Warehouse,
        manifest: &Manifest,
        store: &Store,
    ) -> Result<Self> {
        let pairs = Self::read_pairs(warehouse, manifest, store).await?;
        let catalog = store.catalog();
        let described = catalog.get(CustomerMerge::NAME)?;
        let names = ["survivor", "merged", "is_automatic", "archived_at"];
        let frame = warehouse.frame(manifest, described, &names).await?;
        let holds = |at: &usize| {
            // A merge that was put away says nothing any more.
            frame.numbers("is_automatic")[*at] == 1
                && frame.numbers("archived_at")[*at] == NO_NUMBER
        };
        let automatic = (0..frame.rows).filter(holds).map(|at| {
            let id = |name: &str| RawId(frame.numbers(name)[at]);
            let (one, other) = (id("survivor"), id("merged"));
            (one.min(other), one.max(other))
        });
        let automatic = automatic.collect();
        Ok(Self { pairs, automatic })
    }

    async fn read_pairs(
        warehouse: &Warehouse,
        manifest: &Manifest,
        store: &Store,
    ) -> Result<HashMap<Two, Known>> {
        let catalog = store.catalog();
        let described = catalog.get(CustomerPair::NAME)?;
        let names = ["id", "first", "second", "state", "relation", "certainty", "archived_at"];
        let frame = warehouse.frame(manifest, described, &names).await?;
        let pairs = (0..frame.rows).map(|at| {
            let id = |name: &str| RawId(frame.numbers(name)[at]);
            let word = |name: &str| {
                let (codes, words) = frame.codes(name);
                words.get(codes[at] as usize).cloned().unwrap_or_default()
            };
            let certainty = frame.numbers("certainty")[at];
            let relation = word("relation");
            let state = PairState::from_code(&word("state"));
            let is_away = frame.numbers("archived_at")[at] != NO_NUMBER;
            // What people said about it holds, wherever they keep it.
            let state = state.filter(|state| !is_away || *state == PairState::Different);
            ((id("first"), id("second")), Known { id: id("id"), state, relation, certainty })
        });
        Ok(pairs.collect())
    }

    pub(super) fn known(&self, pair: &Likely) -> Option<&Known> {
        self.pairs.get(&(pair.first, pair.second))
    }

    /// A pair that waits for somebody, or that nothing spoke for any more, with its state.
    pub(super) fn open(&self, pair: &Likely) -> Option<(RawId, PairState)> {
        self.known(pair).and_then(Known::open)
    }

    /// The same of all but some.
    pub(super) fn open_without<'a>(
        &'a self,
        told: &'a HashSet<Two>,
    ) -> impl Iterator<Item = (RawId, PairState)> + 'a {
        let others = self.pairs.iter().filter(|(pair, _)| !told.contains(pair));
        others.filter_map(|(_, known)| known.open())
    }

    /// What people decided about pairs that were told to be the same: how certain they were told,
    /// and whether it was so. What a run merged by itself proves nothing, unless somebody parted
    /// them; what nobody told (two who were merged and parted by people alone) neither.
    pub(super) fn decided(&self) -> (Vec<f64>, Vec<bool>) {
        let same = self.pairs.iter().filter(|(pair, known)| {
            known.relation == Relation::Same.code()
                && known.certainty > 0
                && !self.automatic.contains(*pair)
        });
        let decided = same.filter_map(|(_, known)| {
            let is_one = match known.state? {
                PairState::Merged => true,
                PairState::Different => false,
                _ => return None,
            };
            Some((Percent::from_units(known.certainty).share(), is_one))
        });
        decided.unzip()
    }
}
