//! The sets of values that a chart is rendered with: those of the release, each declared variant, and every choice that a site
//! has.

mod schema;

use manifests::component::SiteValue;
use manifests::values::{self, Values};
use serde_json::{Value, json};

use super::ChartRequest;
use super::archive::ChartFiles;

/// Up to so many choices are rendered in all combinations; of more, each is rendered with the first of the others.
const COMBINATIONS: usize = 16;

/// One set of values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ValueSet {
    /// What makes it another one than the release's own: `ha`, `mode=cluster`.
    pub(super) name: Option<String>,
    /// The values.
    pub(super) values: Values,
}

impl ValueSet {
    /// The values as Helm reads them: JSON is YAML.
    pub(super) fn text(&self) -> String {
        Value::Object(self.values.clone()).to_string()
    }
}

/// All sets of a chart.
#[derive(Debug, Default)]
pub(super) struct ValueSets {
    /// The sets; first the release's own.
    pub(super) sets: Vec<ValueSet>,
    /// Texts in them that stand for what only the site knows; never empty ones.
    pub(super) placeholders: Vec<String>,
}

/// The sets that a chart is rendered with.
pub(super) fn sets(request: &ChartRequest, files: &ChartFiles) -> ValueSets {
    let choices: Vec<(&str, Vec<Value>)> =
        request.site_values.iter().map(|value| (value.path.as_str(), choices(value, files))).collect();
    let bases = std::iter::once((None, request.values.clone())).chain(
        request
            .variants
            .iter()
            .map(|variant| (Some(variant.name.to_string()), values::merge(request.values.clone(), &variant.values))),
    );
    let picks = picks(&choices.iter().map(|(_, values)| values.len()).collect::<Vec<_>>());
    let mut sets = Vec::new();
    for (base, values) in bases {
        for pick in &picks {
            let mut set = ValueSet { name: None, values: values.clone() };
            let mut names: Vec<String> = base.iter().cloned().collect();
            for ((path, values), chosen) in choices.iter().zip(pick) {
                values::set(&mut set.values, path, values[*chosen].clone());
                if *chosen > 0 {
                    names.push(format!("{path}={}", shown(&values[*chosen])));
                }
            }
            set.name = (!names.is_empty()).then(|| names.join(", "));
            sets.push(set);
        }
    }
    let mut placeholders = Vec::new();
    for (value, (_, choices)) in request.site_values.iter().zip(&choices) {
        // What the component or the schema lists are values that sites have; all else stands for what they say.
        let is_any = value.one_of.is_empty() && (value.placeholder.is_some() || choices.len() == 1);
        choices.iter().take(1).filter(|_| is_any).for_each(|choice| texts(choice, &mut placeholders));
    }
    ValueSets { sets, placeholders }
}

/// The texts in a value that is any text, a list or a mapping.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.is_empty() => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(entries) => entries.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

/// What a site value is rendered as; never empty.
fn choices(value: &SiteValue, files: &ChartFiles) -> Vec<Value> {
    if !value.one_of.is_empty() {
        return value.one_of.clone();
    }
    let told = schema::choices(files, &value.path);
    match (&value.placeholder, told.len()) {
        (Some(placeholder), 0 | 1) => vec![placeholder.clone()],
        // The placeholder goes first: it is what the release is rendered with.
        (Some(placeholder), _) => {
            let others = told.into_iter().filter(|choice| choice != placeholder);
            std::iter::once(placeholder.clone()).chain(others).collect()
        }
        (None, 0) => vec![json!("site-value.invalid")],
        (None, _) => told,
    }
}

/// Which choice of each is taken: all combinations, or each by itself. The first set has the first of all.
fn picks(counts: &[usize]) -> Vec<Vec<usize>> {
    let all = counts.iter().try_fold(1_usize, |product, count| product.checked_mul(*count));
    if all.is_some_and(|all| all <= COMBINATIONS) {
        return counts.iter().fold(vec![Vec::new()], |picks, count| {
            picks.iter().flat_map(|pick| (0..*count).map(|at| [&pick[..], &[at]].concat())).collect()
        });
    }
    let first = vec![0; counts.len()];
    let alone = counts.iter().enumerate().flat_map(|(place, count)| (1..*count).map(move |at| (place, at)));
    let alone = alone.map(|(place, at)| {
        let mut pick = first.clone();
        pick[place] = at;
        pick
    });
    std::iter::once(first.clone()).chain(alone).collect()
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_choices_are_combined_and_many_are_taken_one_by_one() {
        assert_eq!(picks(&[]), [[0_usize; 0]]);
        assert_eq!(picks(&[2, 2]), [[0, 0], [0, 1], [1, 0], [1, 1]]);
        assert_eq!(picks(&[1, 3]), [[0, 0], [0, 1], [0, 2]]);
        let many = picks(&[2; 5]);
        assert_eq!(many.len(), 6);
        assert_eq!((&many[0], &many[5]), (&vec![0; 5], &vec![0, 0, 0, 0, 1]));
    }
}
