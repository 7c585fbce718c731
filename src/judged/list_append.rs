//! Transactions that append to lists and read them, as Elle has them recorded (Kingsbury and Alvaro, "Elle: Inferring
//! Isolation Anomalies from Experimental Observations", VLDB 2020).
//!
//! A list that is only appended to tells its own history. If each element is appended once, whoever reads the list
//! reads its *version order*: the longest read that anybody was given is the order of what stands in it, and all other
//! reads must be beginnings of it. What is in none of them comes later, nobody knows in which order among itself. With
//! that [`isolation`](crate::isolation) says whether the transactions are serializable.
//!
//! Before that each transaction and each list is looked at by itself: [`Oddity`]. Of a list with one of these nobody
//! knows an order, so that then only who has read whom counts.
//!
//! A transaction that was answered has committed. Of one that was not nobody knows; it has, if a committed one read one
//! of its elements. One that failed has not: if an element of it is read, that is an aborted read. All conclusions are
//! certain: of what may be one way or the other nothing is made. The order of real time is not looked at.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Operation;
use crate::isolation::{self, Edge, Fate, Order, Transaction};
use crate::recorded::{ReadError, Value};

/// What a single transaction, or a single list, shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// A transaction read otherwise than its own appends and reads before had left a list.
    Internal,
    /// An element was read that nobody appended.
    GarbageRead,
    /// A list was read with an element in it twice.
    DuplicateElements,
    /// Of two reads of a list neither is the beginning of the other.
    IncompatibleOrder,
}

impl Oddity {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::GarbageRead => "garbage-read",
            Self::DuplicateElements => "duplicate-elements",
            Self::IncompatibleOrder => "incompatible-order",
        }
    }

    /// What it is, in a few words.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Internal => "a transaction does not read what it has appended or read itself",
            Self::GarbageRead => "an element was read that nobody appended",
            Self::DuplicateElements => "an element that was appended once was read twice in one list",
            Self::IncompatibleOrder => "two reads of a list agree on no order of its elements",
        }
    }
}

/// Something that does not occur where transactions are serializable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Anomaly {
    /// Its name, such as `G-single` or `incompatible-order`.
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// What shows it; of a cycle, a sentence for each edge.
    pub sentences: Vec<String>,
    /// The edges of a cycle.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edges: Vec<Edge>,
    /// The transactions concerned, by their places in the history: the first is called `T1`.
    #[serde(skip)]
    pub who: Vec<usize>,
}

/// What a history came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lists {
    /// What is wrong, one of each kind; nothing if the transactions are serializable as far as anybody can tell.
    pub anomalies: Vec<Anomaly>,
    /// Whether all dependencies were looked at. If not, and nothing is wrong, nobody knows whether they are
    /// serializable.
    pub is_whole: bool,
    /// How many lists there are.
    pub keys: usize,
    /// How many elements were appended, by transactions that failed too.
    pub appends: usize,
    /// How many reads were answered.
    pub reads: usize,
}

/// A step of a transaction.
enum Micro<'a> {
    Append(&'a Value, &'a Value),
    /// Without a list where nobody was answered.
    Read(&'a Value, Option<&'a [Value]>),
}

/// Whether these are transactions that append to lists.
pub(super) fn is_it(operations: &[Operation]) -> bool {
    let appends = |operation: &Operation| {
        let parts = if let Value::List(parts) = &operation.asked { parts.as_slice() } else { &[] };
        parts.iter().any(|part| {
            matches!(part, Value::List(part)
                if matches!(part.first(), Some(Value::Keyword(f) | Value::Text(f)) if &**f == "append"))
        })
    };
    operations.iter().all(|operation| &*operation.f == "txn") && operations.iter().any(appends)
}

fn micros(operation: &Operation) -> Result<Vec<Micro<'_>>, ReadError> {
    let Operation { line, f, asked, given, .. } = operation;
    let is_answered = operation.returned.is_some();
    let value = if is_answered { given } else { asked };
    let refuse = || {
        let message = format!("{f} {value}: expected [[:append KEY ELEMENT] [:r KEY LIST] …]");
        ReadError { line: *line, column: None, message }
    };
    let parts = if let Value::List(parts) = value { parts } else { return Err(refuse()) };
    if &**f != "txn" {
        return Err(refuse());
    }
    parts.iter().map(|part| micro(part, is_answered).ok_or_else(refuse)).collect()
}

fn micro(part: &Value, is_answered: bool) -> Option<Micro<'_>> {
    let Value::List(part) = part else { return None };
    let [Value::Keyword(f) | Value::Text(f), key, value] = part.as_slice() else { return None };
    match (&**f, value) {
        ("append", element) => Some(Micro::Append(key, element)),
        ("r" | "read", _) if !is_answered => Some(Micro::Read(key, None)),
        ("r" | "read", Value::List(list)) => Some(Micro::Read(key, Some(list))),
        ("r" | "read", Value::Nil) => Some(Micro::Read(key, Some(&[]))),
        _ => None,
    }
}

/// A list, with all that is known of it.
#[derive(Default)]
struct List<'a> {
    /// Who appended each element.
    by: BTreeMap<&'a Value, usize>,
    /// What each transaction appended of several elements, each with the one before it.
    pairs: Vec<[&'a Value; 2]>,
    /// Its reads, and by whom.
    reads: Vec<(usize, &'a [Value])>,
    /// The place of the longest.
    longest: usize,
    /// Whether nobody knows its order.
    is_odd: bool,
}

impl<'a> List<'a> {
    fn order(&self) -> &'a [Value] {
        self.reads.get(self.longest).map_or(&[], |read| read.1)
    }
}

struct Lookout<'a> {
    operations: &'a [Operation],
    micros: Vec<Vec<Micro<'a>>>,
    lists: BTreeMap<&'a Value, List<'a>>,
    /// The first of each kind.
    odd: BTreeMap<Oddity, Anomaly>,
}

/// What people call a transaction.
fn name(place: usize) -> String {
    format!("T{}", place + 1)
}

/// A list as it is shown: its end, if it is long.
fn shown(list: &[Value]) -> String {
    const MOST: usize = 8;
    let left_out = list.len().saturating_sub(MOST);
    let words: Vec<String> = list[left_out..].iter().map(ToString::to_string).collect();
    format!("[{}{}]", if left_out > 0 { "… " } else { "" }, words.join(" "))
}

/// Judges transactions on lists.
///
/// # Errors
/// A transaction that is none of these, or an element that is appended to a list twice: then nobody can tell who is
/// read.
pub fn list_append(operations: &[Operation]) -> Result<Lists, ReadError> {
    let micros = operations.iter().map(micros).collect::<Result<_, _>>()?;
    let mut lookout = Lookout { operations, micros, lists: BTreeMap::new(), odd: BTreeMap::new() };
    lookout.read()?;
    for place in 0..operations.len() {
        lookout.look_within(place);
    }
    let keys: Vec<&Value> = lookout.lists.keys().copied().collect();
    keys.into_iter().for_each(|key| lookout.look_at_list(key));
    let (cycles, is_whole) = lookout.dependencies();
    let lists = lookout.lists.values();
    let (appends, reads) =
        lists.fold((0, 0), |(appends, reads), list| (appends + list.by.len(), reads + list.reads.len()));
    let anomalies = lookout.odd.into_values().chain(cycles).collect();
    Ok(Lists { anomalies, is_whole, keys: lookout.lists.len(), appends, reads })
}

impl<'a> Lookout<'a> {
    /// Who appended and read what.
    fn read(&mut self) -> Result<(), ReadError> {
        for (place, micros) in self.micros.iter().enumerate() {
            let Operation { line, key, .. } = &self.operations[place];
            if let Some(key) = key {
                let message = format!("transactions name their lists themselves, and have no key such as {key}");
                return Err(ReadError { line: *line, column: None, message });
            }
            let mut last: BTreeMap<&Value, &Value> = BTreeMap::new();
            for micro in micros {
                match *micro {
                    Micro::Append(key, element) => {
                        let list = self.lists.entry(key).or_default();
                        list.pairs.extend(last.insert(key, element).map(|before| [before, element]));
                        match list.by.entry(element) {
                            Entry::Vacant(free) => free.insert(place),
                            Entry::Occupied(taken) => {
                                let message = format!(
                                    "{element} is appended to {key}, and in line {} too; each element must be appended \
                                     to a list once, or nobody can tell who is read",
                                    self.operations[*taken.get()].line
                                );
                                return Err(ReadError { line: self.operations[place].line, column: None, message });
                            }
                        };
                    }
                    Micro::Read(key, list) => {
                        let known = self.lists.entry(key).or_default();
                        let Some(list) = list else { continue };
                        if list.len() > known.order().len() {
                            known.longest = known.reads.len();
                        }
                        known.reads.push((place, list));
                    }
                }
            }
        }
        Ok(())
    }

    fn note(&mut self, oddity: Oddity, who: Vec<usize>, sentence: impl FnOnce() -> String) {
        self.odd.entry(oddity).or_insert_with(|| Anomaly {
            name: oddity.name(),
            about: oddity.about(),
            sentences: vec![sentence()],
            edges: Vec::new(),
            who,
        });
    }

    /// A transaction reads what it has read and appended itself. Of a list that it has not read yet it knows the end.
    fn look_within(&mut self, place: usize) {
        /// Whether a list was read, and that, with what was appended since.
        type Known<'a> = (Option<&'a [Value]>, Vec<&'a Value>);
        let mut known: BTreeMap<&Value, Known<'a>> = BTreeMap::new();
        let mut wrong = None;
        for micro in &self.micros[place] {
            match *micro {
                Micro::Append(key, element) => known.entry(key).or_default().1.push(element),
                Micro::Read(_, None) => {}
                Micro::Read(key, Some(list)) => {
                    let (read, appended) = known.entry(key).or_default();
                    let before = list.len().checked_sub(appended.len());
                    let is_as_left = before.is_some_and(|before| {
                        list[before..].iter().eq(appended.iter().copied())
                            && read.is_none_or(|read| read == &list[..before])
                    });
                    if !is_as_left && wrong.is_none() {
                        let own: Vec<Value> = appended.iter().copied().cloned().collect();
                        wrong = Some((key, list, *read, own));
                    }
                    (*read, *appended) = (Some(list), Vec::new());
                }
            }
        }
        if let Some((key, list, read, own)) = wrong {
            self.note(Oddity::Internal, vec![place], || {
                let (who, list) = (name(place), shown(list));
                let own = if own.is_empty() { String::new() } else { format!(" appended {} and", shown(&own)) };
                match read {
                    Some(read) => format!("{who} read {key} as {}, then{own} read it as {list}", shown(read)),
                    None => format!("{who}{own} then read {key} as {list}"),
                }
            });
        }
    }

    /// All reads of a list are beginnings of the longest; and that holds each element once, which somebody appended.
    fn look_at_list(&mut self, key: &'a Value) {
        let list = &self.lists[key];
        let order = list.order();
        let Some(&(longest, _)) = list.reads.get(list.longest) else { return };
        // All but the longest and what is no beginning of it would tell nothing new.
        let mut telling: Vec<(usize, &[Value])> =
            list.reads.iter().filter(|(_, read)| !order.starts_with(read)).copied().collect();
        let apart = telling.first().copied();
        telling.push((longest, order));
        let mut twice = None;
        let mut garbage = None;
        for &(who, read) in &telling {
            let mut sorted: Vec<(&Value, usize)> = read.iter().zip(0..).collect();
            sorted.sort_unstable();
            let pair = sorted.windows(2).find(|pair| pair[0].0 == pair[1].0);
            twice = twice.or_else(|| pair.map(|pair| (who, pair[0].0, [pair[0].1, pair[1].1])));
            let unknown = read.iter().find(|element| !list.by.contains_key(element));
            garbage = garbage.or_else(|| unknown.map(|element| (who, element)));
        }
        let places: BTreeMap<&Value, usize> =
            if list.pairs.is_empty() { BTreeMap::new() } else { order.iter().zip(0..).collect() };
        let turned = list
            .pairs
            .iter()
            .copied()
            .find(|[before, after]| places.get(after) < places.get(before) && places.contains_key(after));
        let turned = turned.map(|[before, after]| (list.by[before], before, after));
        if twice.is_some() || apart.is_some() || turned.is_some() {
            self.lists.entry(key).or_default().is_odd = true;
        }
        if let Some((who, before, after)) = turned {
            self.note(Oddity::IncompatibleOrder, vec![who, longest], || {
                let [who, reader] = [who, longest].map(name);
                format!("{who} appended {before} to {key} before {after}, and {reader} read them the other way round")
            });
        }
        if let Some((who, element)) = garbage {
            let sentence = || format!("{} read {element} in {key}, which nobody appended", name(who));
            self.note(Oddity::GarbageRead, vec![who], sentence);
        }
        if let Some((who, element, [first, second])) = twice {
            let sentence = || format!("{} read {element} twice in {key}, at places {first} and {second}", name(who));
            self.note(Oddity::DuplicateElements, vec![who], sentence);
        }
        if let Some((who, read)) = apart {
            let place = read.iter().zip(order).take_while(|(a, b)| a == b).count();
            let (one, other) = (&read[place], &order[place]);
            self.note(Oddity::IncompatibleOrder, vec![who, longest], || {
                format!("at place {place} of {key} {} read {one}, and {} read {other}", name(who), name(longest))
            });
        }
    }

    fn fate(&self, place: usize) -> Fate {
        match &self.operations[place] {
            operation if operation.returned.is_some() => Fate::Committed,
            operation if operation.has_failed => Fate::Aborted,
            _ => Fate::Unknown,
        }
    }

    /// What the transactions come to by what they depend on.
    /// Also whether all of that was looked at.
    fn dependencies(&self) -> (Vec<Anomaly>, bool) {
        let transaction = |place: usize| Transaction {
            name: name(place),
            fate: self.fate(place),
            reads: Vec::new(),
            writes: Vec::new(),
        };
        let mut transactions: Vec<Transaction<&Value, &Value>> = (0..self.operations.len()).map(transaction).collect();
        for (place, micros) in self.micros.iter().enumerate() {
            let written = micros.iter().filter_map(|micro| match *micro {
                Micro::Append(key, element) => Some((key, element)),
                Micro::Read(..) => None,
            });
            transactions[place].writes.extend(written);
        }
        let mut orders: BTreeMap<&Value, Order<&Value>> = BTreeMap::new();
        for (&key, list) in &self.lists {
            let order = list.order();
            let is_aborted = |element: &&Value| list.by.get(element).is_some_and(|&by| self.fate(by) == Fate::Aborted);
            let first_aborted = order.iter().position(|element| is_aborted(&element));
            for &(place, read) in &list.reads {
                let seen = &mut transactions[place].reads;
                // A list holds all that was appended before, and so was all of that read.
                let aborted = match list.is_odd {
                    true => read.iter().find(is_aborted),
                    false => first_aborted.and_then(|first| read.get(first)),
                };
                seen.extend(aborted.map(|element| (key, Some(element))));
                let is_other = |element: &&Value| list.by.get(element) != Some(&place) && !is_aborted(element);
                seen.push((key, read.iter().rfind(is_other)));
            }
            if list.is_odd {
                continue;
            }
            let known: Vec<&Value> = order.iter().collect();
            let seen: BTreeSet<&Value> = known.iter().copied().collect();
            let later = list.by.keys().copied().filter(|element| !seen.contains(element)).collect();
            orders.insert(key, Order { known, later });
        }
        let isolation::Judged { findings, is_whole } = isolation::judge(&transactions, &orders);
        (findings.into_iter().map(told).collect(), is_whole)
    }
}

fn told(finding: isolation::Finding) -> Anomaly {
    let mut places: Vec<usize> = finding.edges.iter().flat_map(|edge| edge.places).collect();
    places.sort_unstable();
    places.dedup();
    Anomaly {
        name: finding.anomaly.name(),
        about: finding.anomaly.about(),
        sentences: finding.sentences().collect(),
        edges: finding.edges,
        who: places,
    }
}

#[cfg(test)]
mod tests;
