from hsnn_event.compile_cache import keep_machine_code

keep_machine_code()  # before the first function that is compiled
