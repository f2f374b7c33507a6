/** `torch.amp`: mixed precision. See https://docs.pytorch.org/docs/stable/amp.html */
export { type AutocastOptions, autocast, is_autocast_available } from './autocast';
export { GradScaler, type GradScalerOptions, type GradScalerState } from './grad_scaler';
