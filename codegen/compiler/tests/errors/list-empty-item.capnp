@0xc1a3b5a1a1c00020;
const a :List(Int32) = [1,,2];
