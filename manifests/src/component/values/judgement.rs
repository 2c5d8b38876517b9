//! Decisions and waivers.

use jiff::civil::Date;

use crate::BundleName;
use crate::component::judgement::{Decision, Verdict, Waiver};
use crate::evidence::FindingId;
use crate::yaml::{Fields, Node, Problem, Sink, suggest};

/// The longest text of a decision or a waiver, in bytes.
const LONGEST: usize = 1024;

/// A decision of a stack: it may be for one component alone.
pub(crate) fn decision_of_stack(node: &Node, sink: &Sink) -> Option<Decision> {
    decision(node, sink, true)
}

/// A decision of a component.
pub(crate) fn decision_of_component(node: &Node, sink: &Sink) -> Option<Decision> {
    decision(node, sink, false)
}

fn decision(node: &Node, sink: &Sink, of_stack: bool) -> Option<Decision> {
    let mut fields = Fields::of(node, "a decision", sink)?;
    let image =
        fields.required("image", "write the text as it was seen, such as `image: docker.io/library/nginx:1.27`");
    let location = image.map_or(node.head(), |image| &image.location).clone();
    let carry = fields.required("carry", "write `carry: true`, or `carry: false` for what is no image or not needed");
    let carry = carry.and_then(|node| node.boolean(sink));
    let reason =
        fields.required("reason", "write why: it is read again years later").and_then(|node| reason(node, sink));
    let component = if of_stack { fields.get("component") } else { None };
    let component: Option<Option<BundleName>> = component.map(|node| node.parse(sink));
    let chart = fields.get("chart").map(|node| super::chart_name(node, sink));
    fields.finish();
    let text = image.and_then(|node| text(node, sink))?;
    let verdict = match carry? {
        true => Verdict::Carry(image.and_then(|node| super::reference(node, sink))?),
        false => Verdict::LeaveOut,
    };
    // One that is for a part that can't be read must not become one for everything.
    let (component, chart) =
        (component.map_or(Some(None), |read| read.map(Some))?, chart.map_or(Some(None), |read| read.map(Some))?);
    Some(Decision { text, verdict, reason: reason?, component, chart, location })
}

/// A waiver.
pub(crate) fn waiver(node: &Node, sink: &Sink) -> Option<Waiver> {
    let mut fields = Fields::of(node, "a waiver", sink)?;
    let finding = fields.required("finding", "name the finding, such as `finding: crd-missing`");
    let location = finding.map_or(node.head(), |finding| &finding.location).clone();
    let finding = finding.and_then(|node| finding_id(node, sink));
    let object = fields.required("object", "name what the finding is about; `*` stands for any text");
    let object = object.and_then(|node| text(node, sink));
    let reason =
        fields.required("reason", "write why: whoever signs the bundle reads it").and_then(|node| reason(node, sink));
    let until = fields.get("until").map(|node| day(node, sink));
    fields.finish();
    let until = until.map_or(Some(None), |read| read.map(Some))?;
    Some(Waiver { finding: finding?, object: object?, reason: reason?, until, location })
}

/// Why something is as it is.
pub(super) fn reason(node: &Node, sink: &Sink) -> Option<String> {
    let reason = text(node, sink)?;
    if reason.trim().is_empty() {
        let problem = Problem::new(&node.location, "a reason is more than nothing", "empty");
        sink.add(problem.with_help("write what whoever reads it years later has to know"));
        return None;
    }
    Some(reason)
}

/// A text of one line.
pub(super) fn text(node: &Node, sink: &Sink) -> Option<String> {
    let text = node.text(sink)?;
    if text.len() <= LONGEST && !text.chars().any(char::is_control) {
        return Some(text.to_owned());
    }
    let problem = Problem::new(&node.location, format!("this is one line of at most {LONGEST} bytes"), "this text");
    sink.add(problem);
    None
}

fn finding_id(node: &Node, sink: &Sink) -> Option<FindingId> {
    let text = node.text(sink)?;
    if let Ok(id) = text.parse() {
        return Some(id);
    }
    let known = FindingId::ALL.map(FindingId::as_str);
    let shown: String = text.chars().take(80).collect();
    let problem = Problem::new(&node.location, format!("there are no findings `{shown}`"), "this one");
    sink.add(match suggest::nearest(text, &known) {
        Some(meant) => problem.with_help(format!("did you mean `{meant}`?")),
        None => problem.with_help(format!("they are {}", known.join(", "))),
    });
    None
}

fn day(node: &Node, sink: &Sink) -> Option<Date> {
    let text = node.text(sink)?;
    let day = (text.len() == "2026-11-21".len()).then(|| text.parse().ok()).flatten();
    if day.is_none() {
        let shown: String = text.chars().take(80).collect();
        let problem = Problem::new(&node.location, format!("`{shown}` is not a day"), "this day");
        sink.add(problem.with_help("write the last day on which the waiver holds, such as `2026-11-21`"));
    }
    day
}
