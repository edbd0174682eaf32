use super::*;

fn place(index: i64) -> Place {
    Place {
        buffer: "y".to_owned(),
        index,
        words: 10,
    }
}

#[test]
fn places_and_numbers_are_named_as_what_they_are() {
    for (index, text) in [
        (-1, "1 words before y"),
        (9, "y[9]"),
        (10, "1 words past the end of y"),
    ] {
        assert_eq!(place(index).to_string(), text);
    }
    assert_eq!(Number::new(5, false).to_string(), "5 (0x00000005)");
    let one = 1f32.to_bits();
    assert_eq!(Number::new(one, true).to_string(), "1.0 (0x3f800000)");
}

/// A wrong 1.5 at index 3.
fn wrong(expected: Expected) -> Cause {
    Cause::WrongValue {
        place: place(3),
        got: Number::new(1.5f32.to_bits(), true),
        expected,
    }
}

/// One cause of every kind, with its name in JSON.
fn causes() -> [(Cause, &'static str); 7] {
    let near = Expected::Near {
        value: f64::NAN,
        bound: f32::INFINITY,
    };
    let [got, first] = [1.5f32, f32::NAN].map(|x| Number::new(x.to_bits(), true));
    let (before, behind) = (place(-1), place(11));
    let error = "lost".to_owned();
    let (steps, apart, tolerance) = (10, f64::INFINITY, 0.5);
    let guard = Cause::GuardZone { place: before, got };
    let repeated = Cause::NotRepeated {
        place: behind,
        got,
        first,
    };
    let weights = Cause::Weights {
        steps,
        apart,
        tolerance,
    };
    let losses = Cause::Losses {
        steps,
        apart,
        tolerance,
    };
    [
        (wrong(Expected::OneOf(0, 7)), "wrong_value"),
        (wrong(near), "wrong_value"),
        (guard, "guard_zone"),
        (repeated, "not_repeated"),
        (Cause::NoResult { error }, "no_result"),
        (weights, "weights"),
        (losses, "losses"),
    ]
}

#[test]
fn what_is_wrong_can_be_read_by_people_and_by_machines() {
    for (cause, kind) in causes() {
        let mismatch = Mismatch::from(cause);
        let json = serde_json::to_value(&mismatch).unwrap();
        assert_eq!(json["kind"], kind);
        assert_eq!(json["text"], mismatch.text);
        let back: Mismatch = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&back).unwrap(), json);
    }
    let json = serde_json::to_value(Mismatch::from(wrong(Expected::Word(0)))).unwrap();
    let text = "y[3] is 1.5 (0x3fc00000), not 0.0 (0x00000000) (bound: exact)";
    assert_eq!(json["text"], text);
    assert_eq!(json["place"]["index"], 3);
    assert_eq!(json["got"]["value"], 1.5);
    assert_eq!(json["expected"]["word"], 0);
}

#[test]
fn reports_of_earlier_versions_are_read() {
    let json = r#"{"place": "y[0]", "got": "1", "expected": "2", "bound": "exact"}"#;
    let old: Mismatch = serde_json::from_str(json).unwrap();
    assert_eq!(old.cause.to_string(), "y[0] is 1, not 2 (bound: exact)");
}
