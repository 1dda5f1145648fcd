//! What is said of each case of the stage `check`.

mod case;

#[test]
fn check() {
    insta::glob!("cases/check/*.conf", |path| {
        let case = case::read(path);
        insta::assert_snapshot!(case.with_report(&case.compile()));
    });
}
