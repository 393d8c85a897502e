@0xc1a3b5a1a1c0006e;
annotation text(*) :Text;
annotation void(*) :Void;
struct S $text $text(5) $void(1) $void() $text() $text("a", "b") $text(a = "b") {}
