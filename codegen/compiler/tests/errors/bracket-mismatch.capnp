@0xc1a3b5a1a1c0001c;
const a :List(Int32) = [1, 2);
