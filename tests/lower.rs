//! What is said of each case of the stage `lower`.

mod case;

#[test]
fn lower() {
    insta::glob!("cases/lower/*.conf", |path| {
        let case = case::read(path);
        insta::assert_snapshot!(case.with_report(&case.compile()));
    });
}
