/** `torch.jit`: modules that Python exported. See https://docs.pytorch.org/docs/stable/jit.html */
export { load, save } from './load';
export { ScriptModule } from './script_module';
