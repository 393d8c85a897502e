@0xb6a3b5a1a1c0f021; struct Chain { next @0 :Chain2; struct Sub {} } struct Chain2 { a @0 :Chain3; s @1 :Chain.Sub; } struct Chain3 {}
