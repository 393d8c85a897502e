//! What the derive accepts, and what it says to mistakes.

#[test]
fn every_mistake_is_reported_where_it_is() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass.rs");
    cases.compile_fail("tests/ui/trait_not_implemented.rs");
    cases.compile_fail("tests/ui/no_service_named.rs");
    cases.compile_fail("tests/ui/all_mistakes_at_once.rs");
    cases.compile_fail("tests/ui/unknown_trait.rs");
}
