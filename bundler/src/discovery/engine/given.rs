//! Charts that a controller in the cluster renders, with the values that objects give them: rendered once more with each.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Engine, Outcome, Ready, Task};
use crate::discovery::sets::ValueSet;
use crate::discovery::{Found, Given, HelmError, Trouble};

/// How many sets of values objects may give to one chart.
const MOST: usize = 64;

impl Engine {
    /// Adds a set for all values that objects were found to give, which there is none for yet. Gives what is to be rendered.
    pub(super) fn add_given(
        &self,
        others: &mut Found,
        ready: &mut [Arc<Ready>],
        outcomes: &mut [Vec<Outcome>],
    ) -> Result<Vec<Task>, HelmError> {
        let rendered = outcomes.iter().flatten().flat_map(|outcome| &outcome.renderings).flat_map(|found| &found.given);
        // The same values have the name of the first object that gives them, whichever was rendered first.
        let mut given: BTreeMap<(String, String), Given> = BTreeMap::new();
        for one in rendered.chain(&others.given) {
            let values = serde_json::Value::Object(one.values.clone()).to_string();
            let known = given.entry((one.chart.clone(), values)).or_insert_with(|| one.clone());
            if one.by < known.by {
                known.by.clone_from(&one.by);
            }
        }
        let mut tasks = Vec::new();
        for one in given.into_values() {
            for (chart, request) in self.request.charts.iter().enumerate().filter(|(_, own)| own.chart == one.chart) {
                let own = &ready[chart];
                let is_known = own.sets.sets.iter().any(|set| set.values == one.values);
                if is_known || own.trouble.is_some() {
                    continue;
                }
                if own.sets.given < MOST {
                    tasks.push(self.add_set(chart, one.clone(), ready, outcomes)?);
                } else {
                    let trouble = Trouble::TooManyValues { chart: one.chart.clone(), limit: MOST };
                    others.failures.push(request.failure(None, trouble));
                }
            }
        }
        Ok(tasks)
    }

    fn add_set(
        &self,
        chart: usize,
        given: Given,
        ready: &mut [Arc<Ready>],
        outcomes: &mut [Vec<Outcome>],
    ) -> Result<Task, HelmError> {
        let sets = &mut Arc::make_mut(&mut ready[chart]).sets;
        let task = Task { chart, set: sets.sets.len() };
        let name = Some(format!("the values of {}", given.by));
        let set = ValueSet { name, values: given.values, may_be_refused: false };
        self.work.write(task, &set)?;
        sets.sets.push(set);
        sets.given += 1;
        let new = given.placeholders.into_iter().filter(|text| !sets.placeholders.contains(text));
        let new: Vec<String> = new.collect();
        sets.placeholders.extend(new);
        outcomes[chart].push(Outcome::default());
        Ok(task)
    }
}
