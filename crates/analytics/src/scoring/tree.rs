//! A decision tree over binned features, and what each feature did to a prediction.

/// A set of bins of one feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct BinSet([u64; 4]);

impl BinSet {
    pub(super) fn insert(&mut self, bin: u8) {
        self.0[usize::from(bin) / 64] |= 1 << (bin % 64);
    }

    pub(super) fn contains(&self, bin: u8) -> bool {
        self.0[usize::from(bin) / 64] >> (bin % 64) & 1 == 1
    }
}

/// A node; without a split it is a leaf.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) split: Option<Split>,
    /// What the tree predicts for the cases here, were this a leaf.
    pub(super) value: f64,
    /// The weight of the cases here.
    pub(super) cover: f64,
}

/// Where the cases of a node go.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Split {
    pub(super) feature: usize,
    /// The bins of the cases that go left.
    pub(super) left_bins: BinSet,
    /// The places of the children.
    pub(super) children: [usize; 2],
    /// What the split gained.
    pub(super) gain: f64,
}

impl Split {
    fn child(&self, codes: &[u8]) -> usize {
        let left = self.left_bins.contains(codes[self.feature]);
        self.children[usize::from(!left)]
    }
}

/// A tree; the root is the first node.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

/// A feature on the way to a node, as TreeSHAP carries it.
#[derive(Debug, Clone, Copy)]
struct Step {
    feature: usize,
    /// The share of cases that go this way when the feature is not known.
    zero: f64,
    /// 1 when the case goes this way, else 0.
    one: f64,
    weight: f64,
}

impl Tree {
    pub(super) fn predict(&self, codes: &[u8]) -> f64 {
        let mut node = &self.nodes[0];
        while let Some(split) = &node.split {
            node = &self.nodes[split.child(codes)];
        }
        node.value
    }

    /// The mean of the predictions over the cases of the fit.
    pub(super) fn mean(&self) -> f64 {
        let leaves = self.nodes.iter().filter(|node| node.split.is_none());
        leaves.map(|leaf| leaf.value * leaf.cover).sum::<f64>() / self.nodes[0].cover
    }

    /// Adds the Shapley values of the prediction to those of the features.
    ///
    /// Lundberg, Erion & Lee, *Consistent Individualized Feature Attribution for Tree Ensembles*
    /// (2018), algorithm 2: exact, in the square of the depth for each leaf.
    pub(super) fn explain(&self, codes: &[u8], contributions: &mut [f64]) {
        self.walk(0, Vec::new(), (1.0, 1.0, usize::MAX), codes, contributions);
    }

    fn walk(
        &self,
        at: usize,
        path: Vec<Step>,
        (zero, one, feature): (f64, f64, usize),
        codes: &[u8],
        contributions: &mut [f64],
    ) {
        let mut path = extended(path, zero, one, feature);
        let node = &self.nodes[at];
        let Some(split) = &node.split else {
            for place in 1..path.len() {
                let weight = unwound_sum(&path, place);
                let step = path[place];
                contributions[step.feature] += weight * (step.one - step.zero) * node.value;
            }
            return;
        };
        let hot = split.child(codes);
        let (mut zero, mut one) = (1.0, 1.0);
        if let Some(place) = path.iter().position(|step| step.feature == split.feature) {
            (zero, one) = (path[place].zero, path[place].one);
            path = unwound(path, place);
        }
        for child in split.children {
            let share = self.nodes[child].cover / node.cover;
            let way = (zero * share, if child == hot { one } else { 0.0 }, split.feature);
            self.walk(child, path.clone(), way, codes, contributions);
        }
    }
}

fn extended(mut path: Vec<Step>, zero: f64, one: f64, feature: usize) -> Vec<Step> {
    let length = path.len();
    let weight = if length == 0 { 1.0 } else { 0.0 };
    path.push(Step { feature, zero, one, weight });
    let all = (length + 1) as f64;
    for at in (0..length).rev() {
        path[at + 1].weight += one * path[at].weight * (at + 1) as f64 / all;
        path[at].weight *= zero * (length - at) as f64 / all;
    }
    path
}

/// The path as if the feature of a place had never been asked.
fn unwound(mut path: Vec<Step>, place: usize) -> Vec<Step> {
    let last = path.len() - 1;
    let Step { zero, one, .. } = path[place];
    let all = path.len() as f64;
    let mut next = path[last].weight;
    for at in (0..last).rev() {
        if one == 0.0 {
            path[at].weight *= all / (zero * (last - at) as f64);
        } else {
            let known = path[at].weight;
            path[at].weight = next * all / (one * (at + 1) as f64);
            next = known - path[at].weight * zero * (last - at) as f64 / all;
        }
    }
    for at in place..last {
        let Step { feature, zero, one, .. } = path[at + 1];
        path[at] = Step { feature, zero, one, weight: path[at].weight };
    }
    path.pop();
    path
}

fn unwound_sum(path: &[Step], place: usize) -> f64 {
    unwound(path.to_vec(), place).iter().map(|step| step.weight).sum()
}
