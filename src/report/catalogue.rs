//! What there is to use: protocols with their settings, properties and bugs, kinds of faults, shapes, distributions.

use serde::Serialize;
use serde_json::Value;

use super::layout::{Ink, Sheet, Tone};
use crate::check::PropertyInfo;
use crate::fault::FaultKind;
use crate::fault::links::Shape;
use crate::lab::{Experiment, OF_THE_KERNEL};
use crate::protocol::Bug;
use crate::scenario::section;

/// A part of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Protocols with their settings.
    Protocols,
    /// Invariants.
    Properties,
    /// Mistakes that can be planted.
    Bugs,
    /// Kinds of faults, shapes of partitions, distributions of durations.
    Faults,
}

/// The whole catalogue.
#[derive(Clone, Debug, Serialize)]
pub struct Catalogue {
    /// Protocols.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protocols: Vec<ProtocolEntry>,
    /// What the kernel judges itself, in the liveness phase of every protocol.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub common_properties: Vec<PropertyInfo>,
    /// Kinds of faults.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Named>,
    /// How links are chosen around a node.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shapes: Vec<Named>,
    /// How durations are drawn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub distributions: Vec<Named>,
}

/// A protocol.
#[derive(Clone, Debug, Serialize)]
pub struct ProtocolEntry {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// The names of its groups of nodes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<&'static str>,
    /// Its settings, under `params` in a scenario.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Param>,
    /// Its settings under `workload`, beside those of all protocols.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workload: Vec<Param>,
    /// Its invariants.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<PropertyInfo>,
    /// Mistakes that can be planted in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bugs: Vec<Bug>,
    /// The roles that its nodes may have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<&'static str>,
    /// The kinds of facts that they report.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<&'static str>,
    /// The kinds of messages that they send to each other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<&'static str>,
    /// Kinds of facts that a campaign should see at least once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sometimes: Vec<&'static str>,
}

/// A setting.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// What it is where a scenario does not name it.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub default: Value,
    /// What it means.
    pub about: String,
}

/// Something with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// As it is written in a scenario.
    pub name: String,
    /// What it is.
    pub about: String,
}

const DISTRIBUTIONS: [(&str, &str); 7] = [
    (r#""5ms""#, "always the same"),
    (r#"["1ms", "10ms"]"#, "uniform, both ends included"),
    (r#"{"exponential": {"min": "1ms", "mean": "5ms"}}"#, "min plus an exponential time of this mean"),
    (r#"{"normal": {"mean": "5ms", "deviation": "1ms"}}"#, "normal, cut off at zero"),
    (r#"{"log_normal": {"median": "3ms", "sigma_milli": 900}}"#, "log-normal; sigma of the logarithm in thousandths"),
    (r#"{"pareto": {"min": "1ms", "alpha_milli": 1500}}"#, "heavy-tailed; the shape in thousandths"),
    (
        r#"{"bimodal": {"fast": "1ms", "slow": "80ms", "odds": "1%"}}"#,
        "mostly around fast, sometimes around slow, each +-10%",
    ),
];

impl Catalogue {
    /// This part of what there is, or all of it.
    #[must_use]
    pub fn of(experiments: &[&dyn Experiment], part: Option<Part>) -> Self {
        let wants = |wanted| part.is_none_or(|part| part == wanted);
        let about_protocols = part != Some(Part::Faults);
        let protocols: &[&dyn Experiment] = if about_protocols { experiments } else { &[] };
        let faults = wants(Part::Faults);
        Self {
            protocols: protocols.iter().map(|experiment| ProtocolEntry::of(*experiment, &wants)).collect(),
            common_properties: if wants(Part::Properties) { OF_THE_KERNEL.to_vec() } else { Vec::new() },
            faults: if faults {
                FaultKind::ALL.iter().map(|kind| named(kind.name(), kind.about())).collect()
            } else {
                Vec::new()
            },
            shapes: if faults { shapes() } else { Vec::new() },
            distributions: if faults {
                DISTRIBUTIONS.iter().map(|(name, about)| named(name, about)).collect()
            } else {
                Vec::new()
            },
        }
    }
}

impl ProtocolEntry {
    fn of(experiment: &dyn Experiment, wants: &dyn Fn(Part) -> bool) -> Self {
        let schema = experiment.schema();
        let whole = wants(Part::Protocols);
        let names = experiment.names();
        let params = |schema: &Value| if whole { params(schema) } else { Vec::new() };
        Self {
            name: experiment.name(),
            about: experiment.about(),
            groups: if whole { experiment.groups().to_vec() } else { Vec::new() },
            params: params(schema.params.as_value()),
            workload: params(schema.workload.as_value()),
            properties: if wants(Part::Properties) { experiment.properties() } else { Vec::new() },
            bugs: if wants(Part::Bugs) { experiment.bugs().to_vec() } else { Vec::new() },
            roles: if whole { names.roles.to_vec() } else { Vec::new() },
            facts: if whole { names.facts.to_vec() } else { Vec::new() },
            messages: if whole { names.messages.to_vec() } else { Vec::new() },
            sometimes: if whole { experiment.sometimes().to_vec() } else { Vec::new() },
        }
    }
}

fn named(name: &str, about: &str) -> Named {
    Named { name: name.to_owned(), about: sentence(about) }
}

/// A documentation text as one line.
fn sentence(text: &str) -> String {
    text.split_whitespace().collect::<Vec<&str>>().join(" ")
}

/// The settings that a schema describes.
fn params(schema: &Value) -> Vec<Param> {
    let fields = schema.get("properties").and_then(Value::as_object);
    let param = |(name, field): (&String, &Value)| Param {
        name: name.clone(),
        default: field.get("default").cloned().unwrap_or_default(),
        about: sentence(field.get("description").and_then(Value::as_str).unwrap_or_default()),
    };
    fields.into_iter().flatten().map(param).collect()
}

fn shapes() -> Vec<Named> {
    let schema = section::<Shape>();
    let variants = schema.get("oneOf").and_then(Value::as_array);
    let text = |variant: &Value, key: &str| variant.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    variants
        .into_iter()
        .flatten()
        .map(|variant| named(&text(variant, "const"), &text(variant, "description")))
        .collect()
}

/// The catalogue as text.
#[must_use]
pub fn text(catalogue: &Catalogue, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    for protocol in &catalogue.protocols {
        sheet.heading(&format!("{}: {}", protocol.name, protocol.about));
        protocol_text(&mut sheet, protocol);
    }
    if !catalogue.common_properties.is_empty() {
        sheet.heading("For every protocol");
        part(&mut sheet, "properties", catalogue.common_properties.iter().map(|info| (info.name, needing(info))));
    }
    listing(&mut sheet, "Faults", pairs(&catalogue.faults));
    listing(&mut sheet, "Shapes of partitions and other faults of links", pairs(&catalogue.shapes));
    if !catalogue.distributions.is_empty() {
        sheet.heading("Distributions of durations");
        for Named { name, about } in &catalogue.distributions {
            sheet.raw(&format!("  {name}"));
            sheet.row_in(Tone::Aside, "", about);
        }
    }
    sheet.into_text()
}

/// The names of all that there is, as text.
#[must_use]
pub fn overview(catalogue: &Catalogue, ink: Ink) -> String {
    let mut sheet = Sheet::new(ink);
    for protocol in &catalogue.protocols {
        sheet.heading(&format!("{}: {}", protocol.name, protocol.about));
        sheet.row("groups", &protocol.groups.join(", "));
        sheet.row("params", &names(protocol.params.iter().map(|param| param.name.as_str())));
        sheet.row("properties", &names(protocol.properties.iter().map(|info| info.name)));
        sheet.row("bugs", &names(protocol.bugs.iter().map(|bug| bug.name)));
    }
    sheet.heading("For every protocol");
    sheet.row("properties", &names(catalogue.common_properties.iter().map(|info| info.name)));
    sheet.row("faults", &names(catalogue.faults.iter().map(|fault| fault.name.as_str())));
    sheet.row("shapes", &names(catalogue.shapes.iter().map(|shape| shape.name.as_str())));
    sheet.into_text()
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<&str>>().join(", ")
}

fn pairs(named: &[Named]) -> impl Iterator<Item = (&str, &str)> {
    named.iter().map(|Named { name, about }| (name.as_str(), about.as_str()))
}

fn protocol_text(sheet: &mut Sheet, protocol: &ProtocolEntry) {
    sheet.row("groups", &protocol.groups.join(", "));
    settings(sheet, "params", &protocol.params);
    settings(sheet, "workload", &protocol.workload);
    part(sheet, "properties", protocol.properties.iter().map(|info| (info.name, needing(info))));
    for (n, bug) in protocol.bugs.iter().enumerate() {
        sheet.subject(if n == 0 { "bugs" } else { "" }, bug.name);
        sheet.detail(Tone::Plain, bug.about);
        sheet.detail(Tone::Aside, &format!("may break {}", bug.breaks.join(", ")));
        if !bug.reached.is_empty() {
            sheet.detail(Tone::Aside, &format!("reached where {}", bug.reached));
        }
        sheet.detail(Tone::Aside, &format!("seen in {}", bug.source));
    }
    sheet.row("roles", &protocol.roles.join(", "));
    sheet.row("facts", &protocol.facts.join(", "));
    sheet.row("messages", &protocol.messages.join(", "));
    sheet.row("sometimes", &protocol.sometimes.join(", "));
}

fn needing(info: &PropertyInfo) -> String {
    let needs: Vec<&str> = info.needs.iter().map(|kind| kind.name()).collect();
    let needs = if needs.is_empty() { String::new() } else { format!(" (needs {})", needs.join(" or ")) };
    let only = if info.optional { " (only where a scenario's \"checks\" name it)" } else { "" };
    format!("{}{needs}{only}", info.about)
}

fn settings(sheet: &mut Sheet, label: &str, params: &[Param]) {
    for (n, Param { name, default, about }) in params.iter().enumerate() {
        let default =
            if default.is_null() { String::new() } else { format!(" = {}", default.to_string().replace(',', ", ")) };
        sheet.subject(if n == 0 { label } else { "" }, &format!("{name}{default}"));
        sheet.detail(Tone::Aside, about);
    }
}

fn part<'a>(sheet: &mut Sheet, label: &str, items: impl Iterator<Item = (&'a str, String)>) {
    for (n, (name, about)) in items.enumerate() {
        sheet.subject(if n == 0 { label } else { "" }, name);
        sheet.detail(Tone::Aside, &about);
    }
}

fn listing<'a>(sheet: &mut Sheet, title: &str, items: impl Iterator<Item = (&'a str, &'a str)>) {
    for (n, (name, about)) in items.enumerate() {
        if n == 0 {
            sheet.heading(title);
        }
        sheet.row(name, about);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Distribution;

    #[test]
    fn every_distribution_is_written_as_it_is_read() {
        for (spelling, _) in DISTRIBUTIONS {
            assert!(serde_json::from_str::<Distribution>(spelling).is_ok(), "{spelling}");
        }
    }

    #[test]
    fn every_shape_is_listed_with_what_it_is() {
        let shapes = shapes();
        assert_eq!(shapes.len(), Shape::PARTITIONS.len() + 1);
        assert!(shapes.iter().all(|shape| !shape.name.is_empty() && !shape.about.is_empty()));
    }
}
