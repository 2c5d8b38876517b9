//! Charts that a controller in the cluster renders, with the values that objects give them: rendered once more with each.

use std::collections::BTreeMap;
use std::sync::Arc;

use manifests::values;

use super::{Engine, Outcome, Ready, Task};
use crate::discovery::repository::{self, given_files};
use crate::discovery::sets::ValueSet;
use crate::discovery::{ChartRequest, Found, Given, HelmError, RepositoryRequest, TreeRequest, Trouble};

/// How many sets of values objects may give to one chart.
const MOST: usize = 64;

/// What tells values apart: the chart, the repository and the folder that it lies in, files and the values themselves.
type Key = (String, String, Option<String>, Vec<String>, String, bool);

impl Engine {
    /// Whether values are given to a chart: to one in a repository by its folder, to all others by the name.
    fn is_meant(&self, given: &Given, chart: &ChartRequest) -> bool {
        match (&given.folder, &chart.folder) {
            (Some(pattern), Some(own)) => {
                let all = &self.request.repositories;
                let is_own = |request: &&RepositoryRequest| {
                    (&request.component, &request.repository) == (&chart.component, &own.repository)
                };
                let mut of = all.iter().filter(is_own);
                let lies_there = of.any(|request| repository::may_lie_in(&given.url, request, all));
                lies_there && repository::is_meant(pattern, &own.folder)
            }
            (None, None) => given.chart == chart.chart,
            _ => false,
        }
    }

    /// Adds a set for all values that objects were found to give, which there is none for yet. Gives what is to be rendered.
    pub(super) fn add_given(
        &self,
        others: &mut Found,
        ready: &mut [Arc<Ready>],
        outcomes: &mut [Vec<Outcome>],
    ) -> Result<Vec<Task>, HelmError> {
        let rendered = outcomes.iter().flatten().flat_map(|outcome| &outcome.renderings).flat_map(|found| &found.given);
        // The same values have the name of the first object that gives them, whichever was rendered first.
        let mut given: BTreeMap<Key, Given> = BTreeMap::new();
        for one in rendered.chain(&others.given) {
            let values = serde_json::Value::Object(one.values.clone()).to_string();
            let (url, folder, files) = (one.url.clone(), one.folder.clone(), one.files.clone());
            let known = given
                .entry((one.chart.clone(), url, folder, files, values, one.runs_tests))
                .or_insert_with(|| one.clone());
            if one.by < known.by {
                known.by.clone_from(&one.by);
            }
        }
        let mut tasks = Vec::new();
        for one in given.into_values() {
            for (chart, request) in self.request.charts.iter().enumerate().filter(|(_, own)| self.is_meant(&one, own)) {
                if one.runs_tests && !ready[chart].runs_tests {
                    Arc::make_mut(&mut ready[chart]).runs_tests = true;
                }
                if one.values.is_empty() && one.files.is_empty() {
                    continue;
                }
                for given in self.with_files(&one, request, others) {
                    let own = &ready[chart];
                    let is_known = own.sets.sets.iter().any(|set| set.values == given.values);
                    if is_known || own.trouble.is_some() {
                        continue;
                    }
                    if own.sets.given < MOST {
                        tasks.push(self.add_set(chart, given, ready, outcomes)?);
                    } else {
                        let trouble = Trouble::TooManyValues { chart: one.chart.clone(), limit: MOST };
                        others.failures.push(request.failure(None, trouble));
                    }
                }
            }
        }
        Ok(tasks)
    }

    /// What is given, on what the files say that it names: once for each commit that has them.
    fn with_files(&self, given: &Given, chart: &ChartRequest, others: &mut Found) -> Vec<Given> {
        if given.files.is_empty() {
            return vec![given.clone()];
        }
        let own = chart.folder.as_ref();
        let is_of_other = given.files.iter().any(|file| file.starts_with('$'));
        let all = self.request.repositories.iter().flat_map(|repository| &repository.trees);
        let trees: Vec<&TreeRequest> = match own {
            Some(own) if !is_of_other => own.trees.iter().map(Arc::as_ref).collect(),
            _ => all.collect(),
        };
        let folder = own.map_or("", |own| own.folder.as_str());
        let (mut sets, mut why) = (Vec::new(), "which is not in the repository".to_owned());
        for tree in trees {
            match given_files(tree, folder, given) {
                Ok(Some(below)) => {
                    sets.push(Given { values: values::merge(below, &given.values), ..given.clone() });
                }
                Ok(None) => {}
                Err(unread) => why = format!("which can't be read: {unread}"),
            }
        }
        // Without them the rest says something all the same.
        if sets.is_empty() {
            sets.push(given.clone());
            let files = given.files.join("`, `");
            let why = format!("{} gives it the values of `{files}`, {why}", given.by);
            let failure = chart.failure(None, Trouble::NotFollowed { why });
            if !others.failures.contains(&failure) {
                others.failures.push(failure);
            }
        }
        sets
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
