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

#[test]
fn what_is_wrong_can_be_read_by_people_and_by_machines() {
    let near = Expected::Near {
        value: f64::NAN,
        bound: f32::INFINITY,
    };
    let got = Number::new(1.5f32.to_bits(), true);
    let value = |expected| Cause::WrongValue {
        place: place(3),
        got,
        expected,
    };
    let error = "lost".to_owned();
    let (steps, tolerance) = (10, 0.5);
    for (cause, kind) in [
        (value(Expected::Word(0)), "wrong_value"),
        (value(near), "wrong_value"),
        (
            Cause::GuardZone {
                place: place(-1),
                got,
            },
            "guard_zone",
        ),
        (
            Cause::NotRepeated {
                place: place(11),
                got,
                first: got,
            },
            "not_repeated",
        ),
        (Cause::NoResult { error }, "no_result"),
        (
            Cause::Weights {
                steps,
                apart: 1.0,
                tolerance,
            },
            "weights",
        ),
        (
            Cause::Losses {
                steps,
                apart: f64::INFINITY,
                tolerance,
            },
            "losses",
        ),
    ] {
        let mismatch = Mismatch::from(cause);
        let json = serde_json::to_value(&mismatch).unwrap();
        assert_eq!(
            (json["kind"].as_str(), json["text"].as_str()),
            (Some(kind), Some(&*mismatch.text))
        );
        let back: Mismatch = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&back).unwrap(), json);
    }
    let json = serde_json::to_value(Mismatch::from(value(Expected::Word(0)))).unwrap();
    let text = "y[3] is 1.5 (0x3fc00000), not 0.0 (0x00000000) (bound: exact)";
    assert_eq!(json["text"], text);
    assert_eq!(
        (&json["place"]["index"], &json["got"]["value"]),
        (&3.into(), &1.5.into())
    );
}

#[test]
fn reports_of_earlier_versions_are_read() {
    let json = r#"{"place": "y[0]", "got": "1", "expected": "2", "bound": "exact"}"#;
    let old: Mismatch = serde_json::from_str(json).unwrap();
    assert_eq!(old.cause.to_string(), "y[0] is 1, not 2 (bound: exact)");
}
