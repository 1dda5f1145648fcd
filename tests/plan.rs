//! The plan of each case: what the runtime is given. And whole configurations as people have them, of which nothing is said.

mod case;

#[test]
fn plan() {
    insta::glob!("cases/plan/*.conf", |path| {
        let case = case::read(path);
        let compiled = case.compile();
        let plan = serde_json::to_string_pretty(&compiled.plan).expect("a plan can be written");
        insta::assert_snapshot!(format!("{}----\n{plan}\n", case.with_report(&compiled)));
    });
}

#[test]
fn site() {
    insta::glob!("cases/site/*.conf", |path| {
        let case = case::read(path);
        let compiled = case.compile();
        insta::assert_snapshot!(case.with_report(&compiled));
        assert!(compiled.report.is_clean(), "something is said of {}", path.display());
    });
}
