//! Goes through rendered objects for everything in them that is an image.
//!
//! A field that Kubernetes pulls from is certain: containers of pods, also in lists and within custom resources. So is a field
//! that a known operator pulls from. All other text is looked through too: arguments, environment, the texts of ConfigMaps and
//! Secrets with the YAML and JSON in them, annotations, and whatever fields there are. How sure such a find is follows from the
//! form of the text and the name of its place.

mod application_set;
mod custom;
mod definition;
mod deployed;
mod documents;
mod downloads;
mod fleet;
mod given;
mod holders;
mod host;
mod inventory;
mod join;
mod kustomize;
mod patch;
mod path;
mod pulled;
mod put_in;
mod repositories;
mod text;

use std::collections::HashSet;
use std::sync::Arc;

use manifests::{BundleName, ImageReference};

use super::inventory::Inventory;
use super::repository::ImageChange;
use super::scan::{Form, Naming, naming};
use super::yaml::{Entry, Tree};
use super::{At, Confidence, Failure, Object, Origin, PulledChart, Reason, Sighting, Trouble};
pub(super) use deployed::Deployed;
pub(super) use documents::may_be_object;
pub(super) use given::{Given, values_of};
use path::Path;

/// Fields of pods that hold containers.
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];
/// Fields that hold names and words of other objects, never images.
const WORDS: [&str; 5] = ["labels", "matchLabels", "nodeSelector", "podSelector", "managedFields"];
/// Characters of a text that are shown where it is told.
const LONGEST_SHOWN: usize = 300;
/// Bytes below which a placeholder may be a part of any word.
const SHORT: usize = 6;
/// Places with an image that one rendering may have. The largest charts have some hundred.
const MOST_SIGHTINGS: usize = 100_000;
/// What stands in a pod's image where a webhook puts the real one in.
const INJECTED: &str = "auto";

/// What is looked through.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    pub(super) component: &'a BundleName,
    /// What of the component it is. The template of a chart is filled in for each document.
    pub(super) origin: Origin,
    /// The values that it is rendered with, where not the release's own.
    pub(super) variant: Option<&'a str>,
    /// Texts that stand for what only the site knows.
    pub(super) placeholders: &'a [String],
    /// What is done to its images before it is applied.
    pub(super) images: &'a [Arc<ImageChange>],
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) sightings: Vec<Sighting>,
    pub(super) tests: Vec<Sighting>,
    pub(super) pulled: Vec<At<PulledChart>>,
    /// Values that objects give to charts.
    pub(super) given: Vec<Given>,
    /// Folders of git repositories that objects have deployed.
    pub(super) deployed: Vec<At<Deployed>>,
    pub(super) inventory: Inventory,
    pub(super) failures: Vec<Failure>,
}

/// One object that is gone through.
struct Walk<'a> {
    found: &'a mut Found,
    place: &'a Place<'a>,
    object: Object,
    is_test: bool,
    path: Path,
    /// From where it has charts and artifacts pulled.
    pulled_from: HashSet<String>,
}

/// What surrounds a value.
#[derive(Debug, Clone)]
struct Context {
    area: Area,
    /// Whether fields are those of the object itself, not of a text in it.
    is_typed: bool,
    /// How the place is named.
    naming: Naming,
    /// How deep it is in texts within texts.
    depth: u8,
    /// A registry and a tag that apply to all names below: `hub` and `tag`.
    hub: Option<(String, String)>,
}

/// What kind of text it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Area {
    Field,
    Environment,
    Argument,
    ConfigMap,
    Secret,
    Annotation,
    Default,
}

impl Area {
    fn reason(self, naming: Naming) -> Reason {
        match self {
            Self::Field if naming > Naming::Not => Reason::NamedField,
            Self::Field => Reason::OtherField,
            Self::Environment => Reason::Environment,
            Self::Argument => Reason::Argument,
            Self::ConfigMap => Reason::ConfigMap,
            Self::Secret => Reason::Secret,
            Self::Annotation => Reason::Annotation,
            Self::Default => Reason::Default,
        }
    }
}

impl Context {
    fn new(area: Area) -> Self {
        Self { area, is_typed: false, naming: Naming::Not, depth: 0, hub: None }
    }

    /// The same in an area of its own. Inside a text of another kind, that kind stays.
    fn within(&self, area: Area) -> Self {
        if self.area == Area::Field { Self { area, ..self.clone() } } else { self.clone() }
    }

    fn named(&self, naming: Naming) -> Self {
        Self { naming, ..self.clone() }
    }
}

impl<'a> Walk<'a> {
    fn new(found: &'a mut Found, place: &'a Place<'a>, object: Object) -> Self {
        Self { found, place, object, is_test: false, path: Path::default(), pulled_from: HashSet::new() }
    }

    fn object(&mut self, tree: &Tree) {
        self.take_stock(tree);
        self.fields(tree);
    }

    /// All that is in an object.
    fn fields(&mut self, tree: &Tree) {
        let (group, kind) = (custom::group(&self.object.api_version).to_owned(), self.object.kind.clone());
        let fields = Context { is_typed: !custom::is_pattern(&group), ..Context::new(Area::Field) };
        let texts = match (group.as_str(), kind.as_str()) {
            ("apiextensions.k8s.io", "CustomResourceDefinition") => return self.definition(tree),
            // Its tags are listed, and none is pulled.
            ("image.toolkit.fluxcd.io", "ImageRepository") => return,
            ("", "ConfigMap") => Some(Area::ConfigMap),
            ("", "Secret") => Some(Area::Secret),
            _ => None,
        };
        self.pulled_charts(tree);
        self.given_values(tree);
        self.repositories(tree);
        self.deployed(tree);
        self.put_in(tree);
        for entry in tree.entries() {
            // Of a key that is given twice the last counts; what was above it is text like any other.
            let fields = &Context { is_typed: fields.is_typed && !entry.shadowed, ..fields.clone() };
            let mark = self.path.key(&entry.key);
            match (entry.key.as_str(), texts) {
                ("apiVersion" | "kind" | "status" | "type", _) => {}
                ("data", Some(Area::Secret)) => self.encoded(&entry.value, &Context::new(Area::Secret)),
                ("binaryData", Some(area)) => self.encoded(&entry.value, &Context::new(area)),
                ("data" | "stringData", Some(area)) => self.value(&entry.value, &Context::new(area)),
                _ => self.value(&entry.value, fields),
            }
            self.path.back(mark);
        }
    }

    fn value(&mut self, tree: &Tree, context: &Context) {
        match tree {
            Tree::Map(entries) => self.mapping(tree, entries, context),
            Tree::List(items) => self.list(items, context),
            Tree::Scalar(_) => {
                if let Some(text) = tree.text() {
                    self.text(text, context);
                }
            }
        }
    }

    fn mapping(&mut self, tree: &Tree, entries: &[Entry], context: &Context) {
        let is_pod = context.is_typed && tree.get("containers").is_some_and(|list| !list.items().is_empty());
        let context = &self.with_hub(tree, context);
        self.commands(tree, context);
        let around = join::Around::of(context.naming, &self.path);
        let joined = self.joined(&join::pairs_of(entries), around, Path::key);
        for entry in entries.iter().filter(|entry| !joined.contains(&entry.key)) {
            if is_pod && entry.key == "volumes" && !entry.shadowed {
                self.volumes(&entry.value, context);
            } else {
                self.entry(entry, context);
            }
        }
    }

    fn entry(&mut self, entry: &Entry, context: &Context) {
        let (key, value) = (entry.key.as_str(), &entry.value);
        if WORDS.contains(&key) || self.is_of_changes(key) || self.is_held(key, value) {
            return;
        }
        let mark = self.path.key(key);
        let is_typed = context.is_typed && !entry.shadowed;
        let below = Context { is_typed, ..context.named(named(key, context.naming)) };
        match key {
            _ if is_typed && CONTAINERS.contains(&key) => self.containers(value, &below),
            "annotations" => self.value(value, &below.within(Area::Annotation)),
            "env" => self.value(value, &below.within(Area::Environment)),
            "args" | "command" => self.value(value, &below.within(Area::Argument)),
            _ => self.value(value, &below),
        }
        self.path.back(mark);
        self.key_itself(key, context);
    }

    fn containers(&mut self, tree: &Tree, context: &Context) {
        // A custom resource may have anything under that name: a mapping, or words.
        if tree.items().is_empty() || tree.items().iter().any(|item| item.text().is_some()) {
            return self.value(tree, context);
        }
        for (at, item) in tree.items().iter().enumerate() {
            let mark = self.path.index(at);
            self.commands(item, context);
            for entry in item.entries() {
                match entry.value.text().filter(|_| entry.key == "image" && !entry.shadowed) {
                    Some(image) => self.image_of_container(image, context),
                    None => self.entry(entry, &context.named(Naming::Not)),
                }
            }
            self.path.back(mark);
        }
    }

    /// What a pod's container has, a kubelet pulls. What another kind calls a container may be a machine: there a text is surely an
    /// image only if it says all, or if it stands in the template of a pod.
    fn image_of_container(&mut self, image: &str, context: &Context) {
        let image = &self.changed(image);
        let group = custom::group(&self.object.api_version);
        let is_pod = custom::is_known(group) || self.path.is_pod_template();
        let says_all = || match Form::of(image) {
            Some(Form::Digest(_)) => true,
            Some(Form::Full(reference)) => !is_of_machine(image, &reference),
            _ => false,
        };
        let mark = self.path.key("image");
        if custom::is_built_in(group) {
            self.pulled(image, Reason::Container);
        } else if is_pod || says_all() {
            self.pulled(image, Reason::ContainerOfCustomResource);
        } else {
            self.text(image, &context.named(Naming::Exactly));
        }
        self.path.back(mark);
    }

    fn volumes(&mut self, tree: &Tree, context: &Context) {
        let list = self.path.key("volumes");
        if tree.items().is_empty() {
            self.value(tree, context);
        }
        for (at, item) in tree.items().iter().enumerate() {
            let mark = self.path.index(at);
            if let Some(reference) = item.at(&["image", "reference"]).and_then(Tree::text) {
                self.path.key("image");
                self.path.key("reference");
                self.pulled(reference, Reason::ImageVolume);
            } else {
                self.value(item, &context.named(Naming::Not));
            }
            self.path.back(mark);
        }
        self.path.back(list);
    }

    fn list(&mut self, items: &[Tree], context: &Context) {
        let joined = self.joined(&join::named_pairs(items), join::Around::Nothing, Path::name);
        let mut before = Naming::Not;
        for (at, item) in items.iter().enumerate() {
            let pair = join::named_pair(item);
            let mark = match pair {
                Some((name, _)) => self.path.name(name),
                None => self.path.index(at),
            };
            match (pair, item) {
                (Some((name, _)), _) if joined.contains(name) => {}
                (Some((name, value)), _) => {
                    self.text(value, &context.named(named(name, context.naming)));
                    self.beside(item, context);
                }
                (None, Tree::Scalar(scalar)) => {
                    // `--image`, then its value.
                    self.text(&scalar.text, &context.named(context.naming.max(before)));
                    let is_flag = scalar.text.starts_with('-') && !scalar.text.contains(['=', ' ']);
                    before = if is_flag { naming(&scalar.text) } else { Naming::Not };
                }
                _ => self.value(item, context),
            }
            self.path.back(mark);
        }
    }

    /// What an item of name and value has besides.
    fn beside(&mut self, item: &Tree, context: &Context) {
        for entry in item.entries().iter().filter(|entry| !matches!(entry.key.as_str(), "name" | "value" | "default")) {
            let mark = self.path.key(&entry.key);
            self.value(&entry.value, &context.named(naming(&entry.key)));
            self.path.back(mark);
        }
    }

    /// A text that Kubernetes or an operator pulls as it stands.
    fn pulled(&mut self, written: &str, reason: Reason) {
        // kustomize changes such fields only where it is told of them: both may be.
        let changed = self.changed(written);
        if reason == Reason::KnownField && changed != written {
            self.pulled(&changed, reason);
        }
        let is_container = reason == Reason::Container;
        // A controller fills in what is left to it; a kubelet does not.
        if !is_container && (written.is_empty() || text::is_expression(written)) {
            if self.is_substituted(written) {
                self.filled_in(written);
            }
            return;
        }
        let bare = if is_container { written } else { written.strip_prefix("docker://").unwrap_or(written) };
        match bare.trim().parse() {
            Ok(reference) if written == INJECTED => {
                self.see(reference, written, Confidence::Possible, Reason::InjectedLater);
            }
            Ok(reference) => self.see(reference, written, Confidence::Certain, reason),
            Err(_) if self.is_test => {}
            Err(_) => {
                let (object, path) = (self.object.clone(), self.path.to_string());
                let text = written.chars().take(LONGEST_SHOWN).collect();
                let trouble = if self.is_of_site(written) {
                    Trouble::DependsOnSite { object, path, text }
                } else {
                    Trouble::NoReference { object, path, text }
                };
                self.found.fail(self.place, trouble);
            }
        }
    }

    fn see(&mut self, reference: ImageReference, written: &str, confidence: Confidence, reason: Reason) {
        if self.is_of_site(written) {
            // What merely has an image's form is an address of the site then; and nobody needs tests.
            if confidence > Confidence::Possible && !self.is_test {
                let (object, path) = (self.object.clone(), self.path.to_string());
                let text = written.chars().take(LONGEST_SHOWN).collect();
                self.found.fail(self.place, Trouble::DependsOnSite { object, path, text });
            }
            return;
        }
        if self.found.sightings.len() + self.found.tests.len() >= MOST_SIGHTINGS {
            let is_told = |last: &Failure| matches!(last.trouble, Trouble::TooManyImages { .. });
            if !self.found.failures.last().is_some_and(is_told) {
                self.found.fail(self.place, Trouble::TooManyImages { limit: MOST_SIGHTINGS });
            }
            return;
        }
        let sighting = Sighting {
            reference,
            confidence,
            reason,
            written: written.to_owned(),
            component: self.place.component.clone(),
            origin: self.place.origin.clone(),
            object: Some(self.object.clone()),
            path: self.path.to_string(),
            variant: self.place.variant.map(str::to_owned),
        };
        if self.is_test {
            self.found.tests.push(sighting);
        } else {
            self.found.sightings.push(sighting);
        }
    }

    /// Whether a text has a value in it that only the site knows.
    fn is_of_site(&self, text: &str) -> bool {
        let registry = text.split('/').next().filter(|first| first.len() < text.len());
        self.place.placeholders.iter().any(|placeholder| match placeholder.len() {
            // A short text may stand in an image by chance, but not as its registry.
            0..SHORT => registry == Some(placeholder),
            _ => text.contains(placeholder.as_str()),
        })
    }

    fn at<T>(&self, what: T) -> At<T> {
        At {
            what,
            component: self.place.component.clone(),
            origin: self.place.origin.clone(),
            object: self.object.clone(),
        }
    }
}

/// Whether a text without a registry has the form of an image of a machine: `ubuntu/22.04:amd64`.
fn is_of_machine(image: &str, reference: &ImageReference) -> bool {
    let has_host = image.split('/').next().is_some_and(|first| first.contains(['.', ':']));
    let last = reference.repository().path().rsplit('/').next().unwrap_or_default();
    !has_host && !last.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// How a key names its value, below a place that is named itself: `image: {name: …}`, `images: {proxy: …}`.
fn named(key: &str, above: Naming) -> Naming {
    let own = naming(key);
    let tail = matches!(key, "name" | "ref" | "reference" | "default" | "value" | "image");
    match own {
        Naming::Not if above > Naming::Not && tail => above,
        Naming::Not if above > Naming::Not && naming(&format!("image-{key}")) > Naming::Not => Naming::Somehow,
        own => own,
    }
}

#[cfg(test)]
mod tests;
