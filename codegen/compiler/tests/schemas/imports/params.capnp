@0xb6a3b5a1a1c0f023; struct Param { a @0 :Level2; } struct Level2 { a @0 :Level3; } struct Level3 { a @0 :Level4; } struct Level4 {}
