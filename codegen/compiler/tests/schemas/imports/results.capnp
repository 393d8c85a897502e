@0xb6a3b5a1a1c0f024; struct Outcome { a @0 :List(Level2); } struct Level2 { a @0 :Level3; } struct Level3 {}
