//! The sets of values that a chart is rendered with: those of the release, each declared variant, every choice that a site has,
//! and what there is where a site says nothing.

mod schema;

use std::collections::BTreeSet;

use manifests::component::SiteValue;
use manifests::values::{self, Values};
use serde_json::{Value, json};

use super::ChartRequest;
use super::archive::ChartFiles;

/// Up to so many choices are rendered in all combinations; of more, each is rendered with the first of the others.
const COMBINATIONS: usize = 16;
/// How often such a chart is rendered besides, so that choices of which both matter are there together.
const PAIRS: usize = 16;

/// How many of the values that a schema lists are rendered.
const MOST: usize = 64;

/// How a set is called that has nothing of a site.
const UNSET: &str = "no site values";

/// One set of values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ValueSet {
    /// What makes it another one than the release's own: `ha`, `mode=cluster`.
    pub(super) name: Option<String>,
    /// The values.
    pub(super) values: Values,
    /// Whether the chart may refuse them: then it can't be installed with them, and nothing is to be found.
    pub(super) may_be_refused: bool,
}

impl ValueSet {
    /// The values as Helm reads them: JSON is YAML.
    pub(super) fn text(&self) -> String {
        Value::Object(self.values.clone()).to_string()
    }
}

/// All sets of a chart.
#[derive(Debug, Clone, Default)]
pub(super) struct ValueSets {
    /// The sets; first the release's own.
    pub(super) sets: Vec<ValueSet>,
    /// How many of them objects give to it.
    pub(super) given: usize,
    /// Texts in them that stand for what only the site knows; never empty ones.
    pub(super) placeholders: Vec<String>,
    /// Where these are not all that the choices of sites make: what is left out.
    pub(super) unrendered: Option<Unrendered>,
}

/// The combinations that a chart is not rendered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unrendered {
    /// The values that have several choices.
    pub(super) values: Vec<String>,
    /// How many combinations are rendered.
    pub(super) rendered: u64,
    /// How many there are; the largest number for more than that.
    pub(super) of: u64,
}

/// What a site may say for a value.
struct Choices<'a> {
    path: &'a str,
    /// What of it is rendered; never empty.
    values: Vec<Value>,
    /// How many there are.
    of: usize,
}

/// The sets that a chart is rendered with.
pub(super) fn sets(request: &ChartRequest, files: &ChartFiles) -> ValueSets {
    let choices: Vec<Choices<'_>> = request.site_values.iter().map(|value| choices(value, files)).collect();
    let bases = std::iter::once((None, request.values.clone())).chain(
        request
            .variants
            .iter()
            .map(|variant| (Some(variant.name.to_string()), values::merge(request.values.clone(), &variant.values))),
    );
    let picks = picks(&choices.iter().map(|choice| choice.values.len()).collect::<Vec<_>>());
    let (mut sets, mut unset) = (Vec::new(), Vec::new());
    for (base, values) in bases {
        if !choices.is_empty() {
            let name = Some(base.iter().map(String::as_str).chain([UNSET]).collect::<Vec<_>>().join(", "));
            unset.push(ValueSet { name, values: values.clone(), may_be_refused: true });
        }
        for pick in &picks {
            let mut set = ValueSet { name: None, values: values.clone(), may_be_refused: false };
            let mut names: Vec<String> = base.iter().cloned().collect();
            for (Choices { path, values, .. }, chosen) in choices.iter().zip(pick) {
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
    for (value, Choices { values: choices, .. }) in request.site_values.iter().zip(&choices) {
        // What the component or the schema lists are values that sites have; all else stands for what they say.
        let is_any = value.one_of.is_empty() && (value.placeholder.is_some() || choices.len() == 1);
        choices.iter().take(1).filter(|_| is_any).for_each(|choice| texts(choice, &mut placeholders));
    }
    let unrendered = unrendered(&choices, sets.len(), 1 + request.variants.len());
    sets.extend(unset);
    ValueSets { sets, given: 0, placeholders, unrendered }
}

/// What is left out where a chart with so many bases is rendered so often.
fn unrendered(choices: &[Choices<'_>], rendered: usize, bases: usize) -> Option<Unrendered> {
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let counts = choices.iter().map(|choice| number(choice.of));
    let of = counts.fold(number(bases), u64::saturating_mul);
    let several = choices.iter().filter(|choice| choice.of > 1);
    let values = several.map(|Choices { path, values, of }| match of - values.len() {
        0 => (*path).to_owned(),
        more => format!("{path} ({more} of its {of} values not at all)"),
    });
    let rendered = number(rendered);
    (rendered < of).then(|| Unrendered { values: values.collect(), rendered, of })
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

/// What a site value is rendered as.
fn choices<'a>(value: &'a SiteValue, files: &ChartFiles) -> Choices<'a> {
    let path = value.path.as_str();
    let all = if value.one_of.is_empty() { schema::choices(files, path) } else { value.one_of.clone() };
    let of = all.len();
    // What people list is rendered whole; a chart's schema may list whatever it likes.
    let most = if value.one_of.is_empty() { MOST } else { of };
    let told: Vec<Value> = all.into_iter().take(most).collect();
    let left_out = of - told.len();
    let values = if value.one_of.is_empty() { with_placeholder(value, told) } else { told };
    Choices { path, of: values.len() + left_out, values }
}

/// What a schema tells, or what stands for it; never empty.
fn with_placeholder(value: &SiteValue, told: Vec<Value>) -> Vec<Value> {
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
    let mut picks: Vec<Vec<usize>> = std::iter::once(first.clone()).chain(alone).collect();
    add_pairs(counts, &mut picks);
    picks
}

/// A choice of one value: the value's place, and the choice's.
type Choice = (usize, usize);

/// Adds picks that have choices of two values together which none before has, as long as there is room: a template may ask for
/// both.
fn add_pairs(counts: &[usize], picks: &mut Vec<Vec<usize>>) {
    let all: Vec<Choice> =
        counts.iter().enumerate().flat_map(|(place, count)| (0..*count).map(move |at| (place, at))).collect();
    let after =
        |one: &Choice| all.iter().filter(|other| other.0 > one.0).map(|other| (*one, *other)).collect::<Vec<_>>();
    let mut open: BTreeSet<(Choice, Choice)> = all.iter().flat_map(after).collect();
    for pair in picks.iter().flat_map(|pick| pairs_of(pick)) {
        open.remove(&pair);
    }
    for _ in 0..PAIRS {
        let Some((one, other)) = open.first().copied() else { return };
        let mut chosen = vec![one, other];
        for (place, count) in counts.iter().enumerate().filter(|(place, _)| ![one.0, other.0].contains(place)) {
            let news = |at: &usize| {
                let mine = (place, *at);
                chosen.iter().filter(|other| open.contains(&(mine.min(**other), mine.max(**other)))).count()
            };
            // Of those that are equally good the first.
            let best = (0..*count).rev().max_by_key(news).unwrap_or_default();
            chosen.push((place, best));
        }
        chosen.sort_unstable();
        let pick: Vec<usize> = chosen.into_iter().map(|(_, at)| at).collect();
        for pair in pairs_of(&pick) {
            open.remove(&pair);
        }
        picks.push(pick);
    }
}

/// The pairs of choices that are together in a pick.
fn pairs_of(pick: &[usize]) -> impl Iterator<Item = (Choice, Choice)> {
    let choices = pick.iter().copied().enumerate();
    choices.clone().flat_map(move |one| choices.clone().skip(one.0 + 1).map(move |other| (one, other)))
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_choices_are_combined_and_of_many_each_and_each_pair_is_there() {
        assert_eq!(picks(&[]), [[0_usize; 0]]);
        assert_eq!(picks(&[2, 2]), [[0, 0], [0, 1], [1, 0], [1, 1]]);
        assert_eq!(picks(&[1, 3]), [[0, 0], [0, 1], [0, 2]]);
        let many = picks(&[2; 5]);
        assert_eq!((&many[0], &many[5]), (&vec![0; 5], &vec![0, 0, 0, 0, 1]));
        let together = |pick: &[usize], one: usize, other: usize| pick[one] == 1 && pick[other] == 1;
        for (one, other) in [(0, 1), (0, 4), (2, 3), (3, 4)] {
            assert!(many.iter().any(|pick| together(pick, one, other)), "{one} {other}: {many:?}");
        }
        assert!(many.len() < 12, "{many:?}");
        // Each choice is there, however many there are; pairs as far as there is room.
        let most = picks(&[40, 3, 40]);
        assert_eq!(most.len(), 1 + 39 + 2 + 39 + PAIRS);
        assert!((0..40).all(|at| most.iter().any(|pick| pick[2] == at)));
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let choice = |path, count, of| Choices { path, values: vec![json!(1); count], of };
        let few = [choice("a", 2, 2), choice("b", 1, 1)];
        assert_eq!(unrendered(&few, 2, 1), None);
        let many = [choice("a", 64, 70), choice("b", 1, 1), choice("c", 2, 2)];
        let told = unrendered(&many, 100, 2).unwrap();
        assert_eq!((told.rendered, told.of), (100, 280));
        assert_eq!(told.values, ["a (6 of its 70 values not at all)", "c"]);
        let endless: Vec<_> = (0..200).map(|_| choice("a", 2, 2)).collect();
        assert_eq!(unrendered(&endless, 1, 1).unwrap().of, u64::MAX);
    }
}
