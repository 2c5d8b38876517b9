//! Values that objects give to charts which a controller in the cluster renders.

use manifests::values::{self, Values};
use serde_json::{Map, Value};

use super::application_set::{Parameters, templates};
use super::deployed::{folder_path, is_of_git};
use super::pulled::of_archive;
use super::text::is_expression;
use super::{Walk, custom};
use crate::discovery::Trouble;
use crate::discovery::yaml::{self, Tree};

/// Values that an object gives to a chart.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::discovery) struct Given {
    /// The chart's name, without the place that it is at.
    pub(in crate::discovery) chart: String,
    /// The URL of the repository that it lies in; empty where another object says it.
    pub(in crate::discovery) url: String,
    /// The folder of a git repository that it lies in; none for one that is fetched as a chart.
    pub(in crate::discovery) folder: Option<String>,
    /// Files of a repository with values below these.
    pub(in crate::discovery) files: Vec<String>,
    /// Whether these need not be there.
    pub(in crate::discovery) may_lack: bool,
    /// Whether the chart's tests are run.
    pub(in crate::discovery) runs_tests: bool,
    /// The object, for people.
    pub(in crate::discovery) by: String,
    /// The values.
    pub(in crate::discovery) values: Values,
    /// Texts in them that stand for what only the site knows.
    pub(in crate::discovery) placeholders: Vec<String>,
}

/// What an object gives to a chart.
#[derive(Default)]
struct ToChart<'a> {
    /// The chart, as the object has it.
    chart: String,
    /// The URL of the repository that it lies in.
    url: String,
    /// The folder that it lies in.
    folder: Option<String>,
    /// Files of a repository with values, and whether they need not be there.
    files: Vec<String>,
    may_lack: bool,
    /// Whether its tests are run.
    runs_tests: bool,
    /// Values in the object.
    parts: Vec<Part<'a>>,
    /// What else values are taken from.
    from: Vec<String>,
}

/// Where the values of one chart stand; what is further down counts more.
#[derive(Clone, Copy)]
enum Part<'a> {
    /// A mapping.
    Fields(&'a Tree),
    /// A mapping, written as a text.
    Text(&'a str),
    /// A value at its path, as `--set` takes it; as text, where that is said.
    One { path: &'a str, value: &'a Tree, is_text: bool },
}

impl Walk<'_> {
    /// Notes what values an object gives to which charts.
    pub(super) fn given_values(&mut self, tree: &Tree) {
        let Some(spec) = tree.get("spec") else { return };
        let name = self.object.name.clone();
        // Others have a field of this name too, and large ones.
        let templates = if self.object.kind == "ApplicationSet" { templates(spec) } else { Vec::new() };
        let at = |path: &[&str]| spec.at(path).and_then(Tree::text).unwrap_or_default().to_owned();
        let one = |chart, parts, holders: &[&[&str]]| {
            let from = elsewhere(spec, holders);
            vec![ToChart { chart, parts, from, ..ToChart::default() }]
        };
        let given = match (custom::group(&self.object.api_version), self.object.kind.as_str()) {
            ("helm.cattle.io", "HelmChart") => one(at(&["chart"]), of_helm_controller(spec), &[&[]]),
            // It adds to the object of the same name, which mostly is the chart's too.
            ("helm.cattle.io", "HelmChartConfig") => one(name, of_helm_controller(spec), &[&[]]),
            ("helm.toolkit.fluxcd.io", "HelmRelease") => {
                let mut names = [at(&["chart", "spec", "chart"]), at(&["chartRef", "name"])].into_iter();
                let chart = names.find(|name| !name.is_empty()).unwrap_or_default();
                let inner = spec.at(&["chart", "spec"]).filter(|inner| is_of_git(inner));
                match inner {
                    Some(inner) => {
                        // Flux looks for them from the top of the repository.
                        let files = values_files(inner).iter().map(|file| format!("/{file}")).collect();
                        let (folder, from) = (Some(folder_path(&chart)), elsewhere(spec, &[&[]]));
                        self.leaves_defaults_out(&chart, inner);
                        let parts = fields(spec, &["values"]);
                        vec![ToChart { chart, folder, files, parts, from, ..ToChart::default() }]
                    }
                    None => one(chart, fields(spec, &["values"]), &[&[], &["chart", "spec"]]),
                }
            }
            ("helm.fluxcd.io", "HelmRelease") => {
                let (chart, parts) = (at(&["chart", "name"]), fields(spec, &["values"]));
                let folder = spec.at(&["chart", "path"]).and_then(Tree::text).map(folder_path);
                let (url, from) = (at(&["chart", "git"]), elsewhere(spec, &[&[]]));
                vec![ToChart { chart, url, folder, parts, from, ..ToChart::default() }]
            }
            ("argoproj.io", "Application") => of_application(spec, &Parameters::default()),
            ("argoproj.io", "ApplicationSet") => {
                let parameters = Parameters::of(spec);
                templates.iter().flat_map(|spec| of_application(spec, &parameters)).collect()
            }
            ("helm.crossplane.io", "Release") => {
                let (mut parts, set) = (fields(spec, &["forProvider", "values"]), spec.at(&["forProvider", "set"]));
                parts.extend(set.into_iter().flat_map(settings));
                let mut given = one(at(&["forProvider", "chart", "name"]), parts, &[&["forProvider"]]);
                given.iter_mut().for_each(|given| given.from.extend(set.into_iter().flat_map(set_elsewhere)));
                given
            }
            ("fleet.cattle.io", "HelmOp") => {
                one(at(&["helm", "chart"]), fields(spec, &["helm", "values"]), &[&["helm"]])
            }
            ("addons.cluster.x-k8s.io", "HelmChartProxy") => {
                one(at(&["chartName"]), text(spec, &["valuesTemplate"]).into_iter().collect(), &[])
            }
            _ => Vec::new(),
        };
        let runs_tests = spec.at(&["test", "enable"]).is_some_and(Tree::is_true);
        for one in given {
            self.given(&ToChart { runs_tests: runs_tests && self.object.kind == "HelmRelease", ..one });
        }
    }

    fn given(&mut self, ToChart { chart, url, folder, files, may_lack, runs_tests, parts, from }: &ToChart<'_>) {
        let last = chart.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let chart = of_archive(last).map_or(last, |(name, _)| name).to_owned();
        if chart.is_empty() && folder.is_none() {
            return;
        }
        if !from.is_empty() {
            let (object, chart, from) = (self.object.clone(), chart.clone(), from.join(", "));
            self.found.fail(self.place, Trouble::ValuesElsewhere { object, chart, from });
        }
        match parts.iter().try_fold(Values::new(), put_on) {
            Ok(values) if values.is_empty() && files.is_empty() && !runs_tests => {}
            Ok(values) => {
                let written = Value::Object(values.clone()).to_string();
                let is_in = |text: &&String| written.contains(text.as_str());
                let placeholders = self.place.placeholders.iter().filter(is_in).cloned().collect();
                let by = self.object.to_string();
                let (url, folder, files) = (url.clone(), folder.clone(), files.clone());
                let (may_lack, runs_tests) = (*may_lack, *runs_tests);
                self.found.given.push(Given {
                    chart,
                    url,
                    folder,
                    files,
                    may_lack,
                    runs_tests,
                    by,
                    values,
                    placeholders,
                });
            }
            Err(why) => {
                let trouble = Trouble::Values { object: self.object.clone(), chart, why };
                self.found.fail(self.place, trouble);
            }
        }
    }
}

impl Walk<'_> {
    /// Where Flux is told of files with values, a chart's own ones count only if they are among these.
    fn leaves_defaults_out(&mut self, chart: &str, inner: &Tree) {
        let own = folder_path(&format!("{chart}/values.yaml"));
        let files = values_files(inner);
        if !files.is_empty() && !files.iter().any(|file| folder_path(file) == own) {
            let why = format!("the `valuesFiles` of {} leave out `{own}`, with which it is rendered", self.object);
            self.found.fail(self.place, Trouble::NotFollowed { why });
        }
    }
}

/// The files with values that a HelmRelease names: the old field has one, which counts less.
fn values_files(inner: &Tree) -> Vec<String> {
    let old = inner.text_of("valuesFile").map(str::to_owned);
    old.into_iter().chain(texts(inner, "valuesFiles")).collect()
}

/// The texts of a list.
fn texts(tree: &Tree, key: &str) -> Vec<String> {
    let items = tree.get(key).map(Tree::items).unwrap_or_default();
    items.iter().filter_map(Tree::text).map(str::to_owned).collect()
}

/// The values in a file.
pub(in crate::discovery) fn values_of(text: &str) -> Result<Values, String> {
    put_on(Values::new(), &Part::Text(text))
}

fn fields<'a>(spec: &'a Tree, path: &[&str]) -> Vec<Part<'a>> {
    spec.at(path).map(Part::Fields).into_iter().collect()
}

fn text<'a>(spec: &'a Tree, path: &[&str]) -> Option<Part<'a>> {
    spec.at(path).and_then(Tree::text).map(Part::Text)
}

fn of_helm_controller(spec: &Tree) -> Vec<Part<'_>> {
    let set = spec.get("set").map(Tree::entries).unwrap_or_default().iter();
    let set = set.map(|entry| Part::One { path: &entry.key, value: &entry.value, is_text: false });
    text(spec, &["valuesContent"]).into_iter().chain(fields(spec, &["values"])).chain(set).collect()
}

/// Of several forms Argo CD takes parameters before an object, and that before a text.
fn of_application<'a>(spec: &'a Tree, parameters: &Parameters) -> Vec<ToChart<'a>> {
    let values = custom::sources(spec).filter_map(|source| {
        let helm = source.get("helm")?;
        let object = helm.get("valuesObject").map(Part::Fields);
        let mut parts: Vec<Part<'_>> = object.or_else(|| text(helm, &["values"])).into_iter().collect();
        parts.extend(helm.get("parameters").into_iter().flat_map(settings));
        let path = source.text_of("path");
        let chart = source.text_of("chart").or(path)?;
        let path = path.filter(|_| source.get("chart").is_none());
        // Of files of a chart that is fetched only those of another source lie in a repository.
        let files = texts(helm, "valueFiles");
        let are_known = path.is_some() || files.iter().all(|file| file.starts_with('$'));
        let are_known = are_known && !files.iter().any(|file| file.contains("://") || file.contains("{{"));
        let from = elsewhere(helm, &[&[]]);
        let is_known = |from: &String| are_known && from.starts_with("valueFiles");
        let from: Vec<String> = from.into_iter().filter(|from| !is_known(from)).collect();
        let may_lack = helm.get("ignoreMissingValueFiles").is_some_and(Tree::is_true);
        let url = source.text_of("repoURL").unwrap_or_default().to_owned();
        let files = if are_known { files } else { Vec::new() };
        let to = move |folder: Option<String>| ToChart {
            chart: chart.to_owned(),
            url: url.clone(),
            folder,
            files: files.clone(),
            may_lack,
            parts: parts.clone(),
            from: from.clone(),
            ..ToChart::default()
        };
        let folders = path.map(|path| parameters.filled_in(path));
        Some(match folders {
            Some(folders) => folders.iter().map(|folder| to(Some(folder_path(folder)))).collect(),
            None => vec![to(None)],
        })
    });
    values.flat_map(|given: Vec<ToChart<'_>>| given).collect()
}

/// What the objects at some places take values from: ConfigMaps, Secrets, files of a chart or of a repository.
fn elsewhere(tree: &Tree, holders: &[&[&str]]) -> Vec<String> {
    const LISTS: [&str; 6] =
        ["valuesFrom", "valuesSecrets", "valueFiles", "valuesFiles", "valuesFile", "fileParameters"];
    let holders = holders.iter().filter_map(|path| tree.at(path));
    let lists = holders.flat_map(|holder| LISTS.iter().filter_map(|list| Some((*list, holder.get(list)?))));
    let named = lists.flat_map(|(list, items)| {
        let each = if items.text().is_some() { std::slice::from_ref(items) } else { items.items() };
        each.iter().map(move |item| (list, item))
    });
    named.map(|(list, item)| from(item).map_or_else(|| list.to_owned(), |from| format!("{list} `{from}`"))).collect()
}

/// What of a list of settings has its value at another place.
fn set_elsewhere(list: &Tree) -> impl Iterator<Item = String> {
    let items = list.items().iter().filter(|item| item.get("value").is_none() && item.get("valueFrom").is_some());
    items.filter_map(|item| Some(format!("set `{}`", item.text_of("name")?)))
}

/// How an item of such a list is called.
fn from(item: &Tree) -> Option<&str> {
    let inside = ["configMapKeyRef", "secretKeyRef"].iter().find_map(|key| item.get(key)?.text_of("name"));
    item.text().or_else(|| item.text_of("name")).or_else(|| item.text_of("path")).or(inside)
}

/// A list of `name` and `value`.
fn settings(list: &Tree) -> Vec<Part<'_>> {
    let one = |item| {
        let is_text = Tree::get(item, "forceString").is_some_and(Tree::is_true);
        Some(Part::One { path: item.text_of("name")?, value: item.get("value")?, is_text })
    };
    list.items().iter().filter_map(one).collect()
}

/// Puts a part on what is below it.
fn put_on(mut under: Values, part: &Part<'_>) -> Result<Values, String> {
    match part {
        Part::Fields(tree) => Ok(values::merge(under, &mapping_of(tree)?)),
        Part::Text(text) => {
            let trees = yaml::read(text)?;
            trees.iter().try_fold(under, |under, tree| Ok(values::merge(under, &mapping_of(tree)?)))
        }
        Part::One { path, value, is_text } => {
            let written = value.text().unwrap_or_default();
            if is_expression(written) {
                return Err(format!("what `{path}` is set to is filled in inside"));
            }
            // Lists, quoted dots and several at once: `--set` has a grammar of its own.
            if path.contains(['[', '\\', '=', ',']) || written.starts_with('{') || written.contains([',', '\\']) {
                return Err(format!("`{path}` is set in a way that is not understood"));
            }
            let value = if *is_text { Value::String(written.to_owned()) } else { as_set(written) };
            values::set(&mut under, path, value);
            Ok(under)
        }
    }
}

pub(super) fn mapping_of(tree: &Tree) -> Result<Values, String> {
    match (json(tree), tree.text()) {
        (Value::Object(values), _) => Ok(values),
        (_, None) if tree.items().is_empty() => Ok(Map::new()),
        _ => Err("they are no mapping".to_owned()),
    }
}

/// A text as `--set` reads it, which does not see quotes.
fn as_set(text: &str) -> Value {
    match (text, text.parse::<i64>()) {
        ("true", _) => Value::Bool(true),
        ("false", _) => Value::Bool(false),
        ("null", _) => Value::Null,
        (_, Ok(number)) if text == "0" || !text.starts_with('0') => Value::from(number),
        _ => Value::String(text.to_owned()),
    }
}

/// A tree as Helm reads it.
fn json(tree: &Tree) -> Value {
    match tree {
        Tree::Map(entries) => {
            let counts = entries.iter().filter(|entry| !entry.shadowed);
            Value::Object(counts.map(|entry| (entry.key.clone(), json(&entry.value))).collect())
        }
        Tree::List(items) => Value::Array(items.iter().map(json).collect()),
        Tree::Scalar(scalar) if scalar.plain => plain(&scalar.text),
        Tree::Scalar(scalar) => Value::String(scalar.text.clone()),
    }
}

/// A scalar without quotes, as YAML 1.1 has it.
fn plain(text: &str) -> Value {
    match text.to_ascii_lowercase().as_str() {
        "" | "~" | "null" => Value::Null,
        "true" | "yes" | "on" => Value::Bool(true),
        "false" | "no" | "off" => Value::Bool(false),
        _ => match serde_json::from_str(text) {
            Ok(number @ Value::Number(_)) => number,
            _ => Value::String(text.to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_are_put_upon_each_other() {
        let spec = "valuesContent: |\n  metrics: {enabled: yes, port: 9100}\n  tag: '1.10'\nset: {metrics.port: 9200, name: \"on\"}\n";
        let trees = yaml::read(spec).unwrap();
        let values = of_helm_controller(&trees[0]).iter().try_fold(Values::new(), put_on).unwrap();
        assert_eq!(
            Value::Object(values),
            json!({"metrics": {"enabled": true, "port": 9200}, "tag": "1.10", "name": "on"})
        );
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for spec in ["set: {'a[0]': 1}", "set: {a: '{1,2}'}", "valuesContent: '{'", "valuesContent: words"] {
            let trees = yaml::read(spec).unwrap();
            assert!(of_helm_controller(&trees[0]).iter().try_fold(Values::new(), put_on).is_err(), "{spec}");
        }
    }
}
