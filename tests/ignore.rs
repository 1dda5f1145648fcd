//! What is said of each case of the stage `ignore`.

mod case;

#[test]
fn ignore() {
    insta::glob!("cases/ignore/*.conf", |path| {
        let case = case::read(path);
        insta::assert_snapshot!(case.with_report(&case.compile()));
    });
}
