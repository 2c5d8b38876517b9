//! Images that a chart knows of and that none of its renderings asks for: blocks of values that are off, the texts of its
//! templates, and the list in the annotations of its `Chart.yaml`. They are told, never carried by themselves.

use super::archive::{ChartFiles, Part};
use super::scan::{Form, Naming, naming};
use super::yaml::{self, Tree};
use super::{ChartRequest, Mention, Sighting};

/// The file of a chart's values.
const VALUES: &str = "values.yaml";
/// The annotation in which charts list their images.
const LIST: &str = "artifacthub.io/images";
/// How deep values are looked through.
const DEPTH: usize = 24;

/// What a chart mentions and nothing of `seen` is.
pub(super) fn unused<'s>(
    request: &ChartRequest,
    files: &ChartFiles,
    seen: &(impl Iterator<Item = &'s Sighting> + Clone),
) -> Vec<Mention> {
    let mut found = Vec::new();
    for part in &files.charts {
        let mut mentions = Mentions { request, part, file: VALUES, found: &mut found };
        if let Some(values) = &part.values {
            mentions.values(values, "", 0);
        }
        mentions.file = "Chart.yaml";
        mentions.listed();
        let literals = part.literals.iter().map(|(file, literal)| Mention {
            component: request.component.clone(),
            chart: request.chart.clone(),
            file: file.clone(),
            path: format!("line {}", literal.line),
            image: literal.image.clone(),
        });
        found.extend(literals);
    }
    found.retain(|mention| !seen.clone().any(|sighting| is_same(mention, sighting)));
    found.sort();
    found.dedup();
    found
}

/// Whether a mention is of the repository of a sighting: registries are often put in front by another value, and tags are put
/// together.
fn is_same(mention: &Mention, sighting: &Sighting) -> bool {
    let name = mention.image.split('@').next().unwrap_or_default();
    let name = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    };
    let repository = sighting.reference.repository();
    let seen = repository.to_string();
    seen == name || seen.ends_with(&format!("/{name}")) || name.ends_with(&format!("/{}", repository.path()))
}

struct Mentions<'a> {
    request: &'a ChartRequest,
    part: &'a Part,
    file: &'static str,
    found: &'a mut Vec<Mention>,
}

impl Mentions<'_> {
    fn values(&mut self, tree: &Tree, path: &str, depth: usize) {
        if depth > DEPTH {
            return;
        }
        for (at, item) in tree.items().iter().enumerate() {
            self.values(item, &format!("{path}[{at}]"), depth + 1);
        }
        if let Some(image) = self.block(tree, path) {
            return self.add(path, image);
        }
        for entry in tree.entries() {
            let path = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
            match entry.value.text() {
                Some(text) if naming(&entry.key) == Naming::Exactly && is_written_out(text) => {
                    self.add(&path, text.to_owned());
                }
                _ => self.values(&entry.value, &path, depth + 1),
            }
        }
    }

    /// A mapping that describes an image: `{registry, repository, tag}`.
    fn block(&self, tree: &Tree, path: &str) -> Option<String> {
        let key = path.rsplit('.').next().unwrap_or_default();
        let text = |key: &str| tree.text_of(key).filter(|text| !text.is_empty());
        let has_tag = tree.get("tag").is_some() || tree.get("digest").is_some();
        let name = text("repository").or_else(|| text("image").filter(|_| has_tag));
        let name = name.or_else(|| text("name").filter(|_| has_tag && naming(key) > Naming::Not))?;
        if !(has_tag || naming(key) > Naming::Not) {
            return None;
        }
        let whole = match text("registry").or_else(|| text("hub")) {
            Some(registry) => format!("{}/{name}", registry.trim_end_matches('/')),
            None => name.to_owned(),
        };
        Form::of(&whole)?;
        // What a template takes for a tag that is not there is not for us to guess.
        let is_tagged = whole.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
        match text("tag").filter(|_| !is_tagged) {
            Some(tag) if tag.starts_with("sha256:") => Some(format!("{whole}@{tag}")),
            Some(tag) => Some(format!("{whole}:{tag}")),
            None => Some(whole),
        }
    }

    /// The list in the annotations of `Chart.yaml`.
    fn listed(&mut self) {
        let list = self.part.metadata.as_ref().and_then(|chart| chart.at(&["annotations", LIST])?.text());
        let Some(list) = list else { return };
        for tree in yaml::read(list).unwrap_or_default() {
            for item in tree.items() {
                if let Some(image) = item.text_of("image").filter(|image| Form::of(image).is_some()) {
                    self.add(&format!("annotations[{LIST}]"), image.to_owned());
                }
            }
        }
    }

    fn add(&mut self, path: &str, image: String) {
        let ChartRequest { component, chart, .. } = self.request;
        let file = format!("{}{}", self.part.folder, self.file);
        self.found.push(Mention {
            component: component.clone(),
            chart: chart.clone(),
            file,
            path: path.to_owned(),
            image,
        });
    }
}

/// Whether a text says which image: a name alone may be anything.
fn is_written_out(text: &str) -> bool {
    matches!(Form::of(text), Some(Form::Digest(_) | Form::Full(_) | Form::Hosted(_) | Form::Path(_) | Form::Tagged(_)))
}
