# A byte order mark, carriage returns, and blank space of every kind.
﻿ @0xb6a3b5a1a1c0f002;

struct A {
  # Ends in a carriage return.
  a @0 :Int32; # Late.
	b	@1	:Text;
  c
    @2
    :
    List(
    Int8,
    )
    ;﻿
}
enum E{a@0;b@1;}struct C{x@0:E=b;y@1:A=(a=1,b="x",c=[1,2,],);}# The end, without a newline.