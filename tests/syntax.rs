//! What is said of each case of the stage `syntax`.

mod case;

#[test]
fn syntax() {
    insta::glob!("cases/syntax/*.conf", |path| {
        let case = case::read(path);
        insta::assert_snapshot!(case.with_report(&case.compile()));
    });
}
