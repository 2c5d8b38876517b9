//! What charts and manifests are looked through, and whether a lock remembers the same.

use manifests::component::WantedRelease;
use manifests::lock::{LockedCommits, LockedDiscovery, LockedList, LockedManifestFile, LockedRendering};
use manifests::yaml::{Location, Problem};
use manifests::{BundleName, Digest};
use serde_json::json;

use crate::lock::Folder;
use crate::resolve::stack::{ResolvedRendering, ResolvedStack};

/// The version of the rules by which charts are looked through. Another one looks through all of them anew.
pub const RULES: u64 = 8;
/// The version of Kubernetes that charts are rendered for where a stack names no distribution.
pub const WITHOUT_DISTRIBUTION: semver::Version = semver::Version::new(1, 30, 0);

/// A chart's archive, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownArchive {
    /// The chart's version.
    pub version: String,
    /// The archive.
    pub digest: Digest,
}

/// What of a stack is looked through, for a cluster with these `apis`. `archive` gives the archive of a chart by its place in the stack, and `manifest` the
/// content of a component's file; `lists` are the lists of images; git repositories come to it.
pub fn inputs(
    stack: &ResolvedStack,
    folder: &Folder,
    apis: Vec<String>,
    archive: impl Fn(usize) -> Option<KnownArchive>,
    manifest: impl Fn(&BundleName, &str) -> Option<Digest>,
    lists: Vec<LockedList>,
) -> LockedDiscovery {
    let kubernetes = match &stack.platform {
        Some(platform) => platform.distribution.version.to_string(),
        None => format!("v{WITHOUT_DISTRIBUTION}"),
    };
    let looked_through = stack.renderings.iter().filter(|rendering| rendering.without.is_none());
    let mut rendered: Vec<LockedRendering> = looked_through
        .filter_map(|rendering| Some(locked(stack, rendering, archive(rendering.chart)?, folder)))
        .collect();
    rendered.sort_by(|a, b| key(a).cmp(&key(b)));
    let mut manifests: Vec<LockedManifestFile> = stack
        .manifests
        .iter()
        .filter_map(|file| {
            let digest = manifest(&file.component, &file.path)?;
            Some(LockedManifestFile { component: file.component.clone(), file: file.path.clone(), digest })
        })
        .collect();
    manifests.sort_by(|a, b| (&a.component, &a.file).cmp(&(&b.component, &b.file)));
    LockedDiscovery { rules: RULES, kubernetes, apis, rendered, manifests, lists, ..LockedDiscovery::default() }
}

fn key(rendered: &LockedRendering) -> (&BundleName, &str, &Option<String>, &str, &Digest, &Digest) {
    let LockedRendering { component, chart, release, namespace, archive, values, .. } = rendered;
    (component, chart, release, namespace, archive, values)
}

fn locked(
    stack: &ResolvedStack,
    rendering: &ResolvedRendering,
    archive: KnownArchive,
    folder: &Folder,
) -> LockedRendering {
    let name = stack.charts.get(rendering.chart).map(|chart| chart.name.clone()).unwrap_or_default();
    let release = rendering.release.as_ref();
    LockedRendering {
        component: rendering.component.clone(),
        release: release.map(|release| release.name.as_ref().map_or_else(|| name.clone(), ToString::to_string)),
        chart: name,
        version: archive.version,
        namespace: rendering.namespace.to_string(),
        asked: folder.place(&rendering.location),
        archive: archive.digest,
        values: rendering.rendered_as().map_or_else(|| Digest::of(b"{}"), values),
        variants: rendering.rendered_as().map(variants).unwrap_or_default(),
    }
}

/// Everything of a release that changes what is rendered.
fn values(release: &WantedRelease) -> Digest {
    if release.values.is_empty() && release.variants.is_empty() && release.site_values.is_empty() {
        return Digest::of(b"{}");
    }
    let variants: Vec<_> = release.variants.iter().map(|variant| json!([variant.name, variant.values])).collect();
    let site: Vec<_> =
        release.site_values.iter().map(|value| json!([value.path, value.placeholder, value.one_of])).collect();
    Digest::of(json!([release.values, variants, site]).to_string().as_bytes())
}

fn variants(release: &WantedRelease) -> Vec<String> {
    let sets = release.variants.iter().map(|variant| variant.name.to_string());
    sets.chain(release.site_values.iter().map(|value| value.path.clone())).collect()
}

/// What a lock remembers, if it is of the same: as it was seen then, at the lines where it is asked for now.
pub fn remembered(locked: &LockedDiscovery, inputs: &LockedDiscovery) -> Option<LockedDiscovery> {
    let key = |of: &LockedDiscovery| {
        let LockedDiscovery { rules, kubernetes, apis, manifests, git, .. } = of.clone();
        (rules, kubernetes, apis, manifests, git)
    };
    let count = |discovery: &LockedDiscovery| (discovery.rendered.len(), discovery.lists.len());
    let same = locked.is_whole() && key(locked) == key(inputs) && count(locked) == count(inputs);
    let mut charts = locked.rendered.iter().zip(&inputs.rendered);
    let mut lists = locked.lists.iter().zip(&inputs.lists);
    let all_same = same
        && charts.all(|(locked, input)| is_same(locked, input))
        && lists.all(|(locked, input)| is_same_list(locked, input));
    let (rendered, lists) = (inputs.rendered.clone(), inputs.lists.clone());
    all_same.then(|| LockedDiscovery { rendered, lists, ..locked.clone() })
}

/// Whether both are the same list, of which the same is taken, wherever it is asked for.
fn is_same_list(locked: &LockedList, input: &LockedList) -> bool {
    LockedList { asked: input.asked.clone(), ..locked.clone() } == *input
}

fn is_same(locked: &LockedRendering, input: &LockedRendering) -> bool {
    LockedRendering { asked: input.asked.clone(), ..locked.clone() } == *input
}

/// Whether both are of one release of a chart, whatever it is rendered from.
fn is_of_same(locked: &LockedRendering, input: &LockedRendering) -> bool {
    (&locked.component, &locked.chart, &locked.release) == (&input.component, &input.chart, &input.release)
}

/// What of a stack is not as it was looked through when it was locked.
pub fn moved(stack: &ResolvedStack, locked: Option<&LockedDiscovery>, inputs: &LockedDiscovery) -> Vec<Problem> {
    let whole = |message: String| Problem::new(&stack.location, message, "this stack");
    let Some(locked) = locked else {
        let message = "the lock does not say what the charts refer to".to_owned();
        return if inputs.is_of_something() { vec![whole(message)] } else { Vec::new() };
    };
    let mut problems = Vec::new();
    if locked.kubernetes != inputs.kubernetes {
        let message = format!(
            "the charts were looked through for Kubernetes {}, and the stack is for {}",
            locked.kubernetes, inputs.kubernetes
        );
        problems.push(whole(message));
    }
    if locked.rules == inputs.rules && !locked.is_whole() {
        problems.push(whole(
            "what the lock says of the charts is not what was written there: lines were lost or changed".to_owned(),
        ));
    }
    if locked.apis != inputs.apis && locked.rules == inputs.rules {
        problems.push(whole("the charts were looked through for a cluster that has other kinds of objects".to_owned()));
    }
    for input in &inputs.rendered {
        let message =
            match locked.rendered.iter().filter(|known| is_of_same(known, input)).collect::<Vec<_>>().as_slice() {
                [] => format!("the chart `{}` of `{}` is not looked through in the lock", input.chart, input.component),
                known if known.iter().any(|known| is_same(known, input)) => continue,
                known => {
                    let what = known.first().map_or("", |known| difference(known, input));
                    format!("the chart `{}` of `{}` was looked through with {what}", input.chart, input.component)
                }
            };
        problems.push(Problem::new(&place(stack, input), message, "asked for here"));
    }
    let gone = |known: &&LockedRendering| !inputs.rendered.iter().any(|input| is_of_same(known, input));
    for known in locked.rendered.iter().filter(gone) {
        let LockedRendering { chart, component, .. } = known;
        let message = format!("the chart `{chart}` of `{component}` was looked through, and is not asked for any more");
        problems.push(whole(message));
    }
    let file_gone = |known: &&LockedManifestFile| {
        !inputs.manifests.iter().any(|file| (&file.component, &file.file) == (&known.component, &known.file))
    };
    for known in locked.manifests.iter().filter(file_gone) {
        let LockedManifestFile { component, file, .. } = known;
        problems.push(whole(format!("`{file}` of `{component}` was looked through, and is not asked for any more")));
    }
    problems.extend(moved_lists(stack, locked, inputs));
    problems.extend(moved_git(stack, locked, inputs));
    if locked.rules != inputs.rules {
        problems
            .push(whole("the charts were looked through by the rules of another version of this program".to_owned()));
    }
    for file in inputs.manifests.iter().filter(|file| !locked.manifests.contains(file)) {
        problems.push(whole(format!("`{}` of `{}` is not as it was looked through", file.file, file.component)));
    }
    if problems.is_empty() && remembered(locked, inputs).is_none() {
        problems.push(whole("the charts of the stack are not those that were looked through".to_owned()));
    }
    problems
}

/// The lists that are not as they were read.
fn moved_lists(stack: &ResolvedStack, locked: &LockedDiscovery, inputs: &LockedDiscovery) -> Vec<Problem> {
    let gone = |known: &&LockedList| !inputs.lists.iter().any(|input| is_same_list(known, input));
    let new = |input: &&LockedList| !locked.lists.iter().any(|known| is_same_list(known, input));
    let named = |list: &LockedList| format!("the list of images `{}` of `{}`", list.list, list.component);
    let mut problems = Vec::new();
    for input in inputs.lists.iter().filter(new) {
        let mut known = locked.lists.iter().filter(gone);
        let known = known.find(|known| (&known.component, &known.list) == (&input.component, &input.list));
        let what = match known {
            None => "is not in the lock",
            Some(known) if known.digest != input.digest => "had another content",
            Some(_) => "was read in another way",
        };
        let place = super::world::place_of_list(stack, input).unwrap_or(&stack.location);
        problems.push(Problem::new(place, format!("{} {what}", named(input)), "asked for here"));
    }
    for known in locked.lists.iter().filter(gone) {
        if !inputs.lists.iter().any(|input| (&input.component, &input.list) == (&known.component, &known.list)) {
            let message = format!("{} was read, and is not asked for any more", named(known));
            problems.push(Problem::new(&stack.location, message, "this stack"));
        }
    }
    problems
}

/// The repositories that are not at the commits at which they were looked through.
fn moved_git(stack: &ResolvedStack, locked: &LockedDiscovery, inputs: &LockedDiscovery) -> Vec<Problem> {
    let is_same = |a: &LockedCommits, b: &LockedCommits| (&a.component, &a.git) == (&b.component, &b.git);
    let mut problems = Vec::new();
    for input in inputs.git.iter().filter(|input| !locked.git.contains(input)) {
        let LockedCommits { component, git, .. } = input;
        let what = match locked.git.iter().any(|known| is_same(known, input)) {
            true => "was looked through at other commits",
            false => "is not looked through in the lock",
        };
        let place = super::world::place_of_git(stack, component, git).unwrap_or(&stack.location);
        let message = format!("the git repository `{git}` of `{component}` {what}");
        problems.push(Problem::new(place, message, "asked for here"));
    }
    for known in &locked.git {
        if !inputs.git.iter().any(|input| is_same(known, input)) {
            let LockedCommits { component, git, .. } = known;
            let message =
                format!("the git repository `{git}` of `{component}` was looked through, and is not any more");
            problems.push(Problem::new(&stack.location, message, "this stack"));
        }
    }
    problems
}

fn difference(locked: &LockedRendering, input: &LockedRendering) -> &'static str {
    match () {
        () if locked.archive != input.archive => "another archive",
        () if locked.values != input.values || locked.variants != input.variants => "other values",
        () => "another namespace",
    }
}

fn place(stack: &ResolvedStack, input: &LockedRendering) -> Location {
    super::world::place(stack, &input.component, Some(&input.chart)).unwrap_or_else(|| stack.location.clone())
}
