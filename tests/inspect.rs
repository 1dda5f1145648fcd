//! What is said of each case of the stage `inspect`.

mod case;

#[test]
fn inspect() {
    insta::glob!("cases/inspect/*.conf", |path| {
        let case = case::read(path);
        insta::assert_snapshot!(case.with_report(&case.compile()));
    });
}
