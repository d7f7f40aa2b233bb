use super::stage::{HOUR, incident, order, stage};
use crate::{
    metrics::{Family, Source as _, Value},
    rollout::{Phase, Transition, policy::Policy},
};

fn samples(stage: &super::stage::Stage, family: &Family) -> Vec<(String, Value)> {
    let mut samples = Vec::new();
    let mut sample = |labels: &[&str], value: Value| samples.push((labels.join(" "), value));
    stage.rollout.samples(family, &mut sample);
    samples
}

#[test]
fn the_numbers_say_where_the_rollout_stands() {
    let stage = stage(Policy::permissive());
    stage.cut_over();
    stage
        .rollout
        .rollback(incident("INC-1"), &order("errors"))
        .unwrap();
    let value = |family, labels: &str| {
        let found = samples(&stage, &family);
        let sample = found.into_iter().find(|(found, _)| found == labels);
        sample.unwrap_or_else(|| panic!("no {labels}")).1
    };
    let phase = |phase| value(Family::PHASE, &format!("features.jobs.compat {phase}"));
    assert_eq!(phase("compat"), Value::Count(1));
    assert_eq!(phase("cutover"), Value::Count(0));
    assert_eq!(
        value(Family::TRANSITIONS, "cutover compat"),
        Value::Count(1)
    );
    assert_eq!(
        value(Family::TRANSITIONS, "cutover retired"),
        Value::Count(0)
    );
    assert_eq!(value(Family::POST_ANALYSES_OPEN, ""), Value::Count(1));
    assert_eq!(value(Family::OVERDUE, "end_rollback"), Value::Count(0));
    stage.pass(73 * HOUR);
    assert_eq!(value(Family::OVERDUE, "end_rollback"), Value::Count(1));
}

#[test]
fn the_gates_of_the_next_step_are_shown_as_the_last_tick_found_them() {
    let stage = stage(Policy::default());
    assert!(
        samples(&stage, &Family::GATE_PASSED).is_empty(),
        "not asked yet"
    );
    stage.tick();
    let gates = samples(&stage, &Family::GATE_PASSED);
    assert_eq!(gates.len(), 6);
    assert!(gates.contains(&("no_dependent_responses".to_owned(), Value::Count(0))));
    assert!(gates.contains(&("no_open_incident".to_owned(), Value::Count(1))));
    stage
        .rollout
        .transition(Phase::Observe, &order("not yet"))
        .unwrap();
    assert!(
        samples(&stage, &Family::GATE_PASSED).is_empty(),
        "those were others"
    );
    assert_eq!(stage.rollout.status().next, Some(Transition::Enable));
    stage.tick();
    assert_eq!(samples(&stage, &Family::GATE_PASSED).len(), 1);
}
