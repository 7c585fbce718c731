//! Settings of SWIM.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::process::Span;
use crate::protocol::{Healed, ParamError};

/// How a member chooses whom to probe next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Probing {
    /// All others in turn, in an order that is drawn anew each time that all had theirs (section 4.3).
    #[default]
    RoundRobin,
    /// Any other, whoever was probed before (section 3.1).
    Random,
}

/// Settings of SWIM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SwimParams {
    /// From one probe to the next: the protocol period T′. It should be three round trips at least.
    pub period: Span,
    /// From a ping until others are asked to ping too; less than a period.
    pub timeout: Span,
    /// How many others are asked: k.
    pub helpers: u32,
    /// How a member chooses whom to probe next.
    pub probing: Probing,
    /// Whether a member that did not answer is suspected first and may refute it (section 4.2); else it is declared
    /// dead at once.
    pub suspicion: bool,
    /// From a suspicion until the member is declared dead; a period at least.
    pub suspicion_timeout: Span,
    /// How many pieces of news go with one message.
    pub piggyback: u32,
    /// How often each piece of news is passed on by each member: this many times ⌈log₂ n⌉ (λ, section 4.1).
    pub lambda: u32,
    /// Every how many periods a member tries to reach one that it holds dead.
    pub reconnect: u32,
    /// Whether the periods of different members begin at different instants; else with those of a clock that all share.
    pub stagger: bool,
}

impl Default for SwimParams {
    fn default() -> Self {
        Self {
            period: Span::ms(200),
            timeout: Span::ms(60),
            helpers: 3,
            probing: Probing::RoundRobin,
            suspicion: true,
            suspicion_timeout: Span::secs(1),
            piggyback: 8,
            lambda: 3,
            reconnect: 5,
            stagger: true,
        }
    }
}

/// How often news may be passed on at most.
const OFTENEST: u32 = 200;

impl SwimParams {
    pub(in crate::protocol::heartbeat) fn check(&self, members: u32) -> Result<(), ParamError> {
        let wrong = |name: &str, message: String| Err(ParamError::new(&format!("detector.swim.{name}"), message));
        if self.timeout < Span::us(1) {
            return wrong("timeout", "an answer takes its time; 1us at least".to_owned());
        }
        if self.timeout >= self.period {
            let message =
                format!("{} is not less than the period, {}: others could not help", self.timeout, self.period);
            return wrong("timeout", message);
        }
        if self.suspicion && self.suspicion_timeout < self.period {
            let message = format!("{} is less than a period, {}", self.suspicion_timeout, self.period);
            return wrong("suspicion_timeout", message);
        }
        for (name, value) in [("piggyback", self.piggyback), ("lambda", self.lambda), ("reconnect", self.reconnect)] {
            if value == 0 {
                return wrong(name, "1 at least, or news never spreads".to_owned());
            }
        }
        if self.times(members) > OFTENEST {
            let message = format!("news would be passed on {} times; {OFTENEST} at most", self.times(members));
            return wrong("lambda", message);
        }
        Ok(())
    }

    /// How often a member passes on each piece of news, among so many: λ · ⌈log₂ n⌉.
    #[must_use]
    pub fn times(&self, members: u32) -> u32 {
        self.lambda.saturating_mul(members.max(2).next_power_of_two().trailing_zeros())
    }

    /// How long it takes until a healed core sees who is there and who is not, without any help of gossip: each member
    /// probes each other one, which in turns takes two rounds; its suspicions run out; and it has reached each that it
    /// held dead though it was not, which is drawn from all dead, so that the odds that one of all pairs is left out
    /// are below 10⁻¹⁰: n² (1 − 1/n)ᵐ with m = n (2 ln n + 23.03). After that, all have what they missed while they
    /// were suspected themselves from another round of probes.
    pub(in crate::protocol::heartbeat) fn settles_within(&self, members: u32, healed: &Healed) -> Span {
        let members = u64::from(members);
        let draws = members * (2 * u64::from(members.ilog2() + 1) + 24);
        let probes = match self.probing {
            Probing::RoundRobin => members * 2,
            Probing::Random => draws,
        };
        let periods = probes.saturating_mul(2).saturating_add(draws.saturating_mul(self.reconnect.into()));
        let turns = healed.delay.times(4) + healed.service.times(8);
        self.period.times(periods + 2) + self.suspicion_timeout.times(2) + turns
    }
}
