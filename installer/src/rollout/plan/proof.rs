//! What shows that nothing came from elsewhere: counted from before the first change, and judged at the end.

use super::{Kind, Plan, Step};

impl Plan {
    /// Counts on every node what tries to leave, as long as anything changes, and looks at the end at that and at the images of the
    /// cluster. `proved` is whether the same has been shown before; a plan that changes nothing leaves it at that.
    #[must_use]
    pub fn prove(mut self, nodes: &[&str], proved: bool) -> Self {
        if !self.changes_anything() && proved {
            return self;
        }
        let first = nodes.len();
        for step in &mut self.steps {
            let own = step.node.as_deref().and_then(|name| nodes.iter().position(|node| *node == name));
            for before in &mut step.after {
                *before += first;
            }
            // What has nothing before it waits for the counters of its node.
            if step.after.is_empty() {
                step.after.extend(own);
            }
        }
        let watch = |node: &&str| Step {
            node: Some((*node).to_owned()),
            kind: Kind::Watch,
            component: None,
            title: "Count what tries to leave it".into(),
            needed: true,
            reason: "as long as anything changes".into(),
            after: Vec::new(),
        };
        self.steps.splice(0..0, nodes.iter().map(watch));
        let last = self.steps.len().checked_sub(1);
        self.steps.push(Step {
            node: None,
            kind: Kind::Proof,
            component: None,
            title: "Look whether all images are the bundle's, and what tried to leave".into(),
            needed: true,
            reason: if proved { "something changes" } else { "it has not been shown yet" }.into(),
            after: last.into_iter().collect(),
        });
        self
    }
}
