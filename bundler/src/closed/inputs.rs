//! What charts and manifests are looked through, and whether a lock remembers the same.

use manifests::component::WantedRelease;
use manifests::lock::{LockedDiscovery, LockedManifestFile, LockedRendering};
use manifests::yaml::{Location, Problem};
use manifests::{BundleName, Digest};
use serde_json::json;

use crate::lock::Folder;
use crate::resolve::stack::{ResolvedRendering, ResolvedStack};

/// The version of the rules by which charts are looked through. Another one looks through all of them anew.
pub const RULES: u64 = 1;
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

/// What of a stack is looked through. `archive` gives the archive of a chart by its place in the stack, and `manifest` the
/// content of a component's file.
pub fn inputs(
    stack: &ResolvedStack,
    folder: &Folder,
    archive: impl Fn(usize) -> Option<KnownArchive>,
    manifest: impl Fn(&BundleName, &str) -> Option<Digest>,
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
    LockedDiscovery { rules: RULES, kubernetes, rendered, manifests, ..LockedDiscovery::default() }
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
        values: release.map_or_else(|| Digest::of(b"{}"), values),
        variants: release.map(variants).unwrap_or_default(),
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
    let key =
        |discovery: &LockedDiscovery| (discovery.rules, discovery.kubernetes.clone(), discovery.manifests.clone());
    let same = key(locked) == key(inputs) && locked.rendered.len() == inputs.rendered.len();
    let mut pairs = locked.rendered.iter().zip(&inputs.rendered);
    (same && pairs.all(|(locked, input)| is_same(locked, input)))
        .then(|| LockedDiscovery { rendered: inputs.rendered.clone(), ..locked.clone() })
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
        let nothing = inputs.rendered.is_empty() && inputs.manifests.is_empty();
        let message = "the lock does not say what the charts refer to".to_owned();
        return if nothing { Vec::new() } else { vec![whole(message)] };
    };
    let mut problems = Vec::new();
    if locked.kubernetes != inputs.kubernetes {
        let message = format!(
            "the charts were looked through for Kubernetes {}, and the stack is for {}",
            locked.kubernetes, inputs.kubernetes
        );
        problems.push(whole(message));
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
