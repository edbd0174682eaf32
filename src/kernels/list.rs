//! THE list of kernels: one line each.

use super::Spec;

macro_rules! list {
    ($($stem:ident $row:ident,)+) => {
        /// All kernels.
        pub static KERNELS: &[&Spec] = &[$(&super::$stem::$row),+];
    };
}

list! {
    initialise INITIALISE,
    sample_order SAMPLE_ORDER,
    image_forward IMAGE_FORWARD,
    dense_forward DENSE_FORWARD,
    head HEAD,
    dense_backward_input DENSE_BACKWARD_INPUT,
    dense_backward_weights DENSE_BACKWARD_WEIGHTS,
    image_backward_weights IMAGE_BACKWARD_WEIGHTS,
    close_step CLOSE_STEP,
    mix_weights MIX_WEIGHTS,
    shrink_weights SHRINK_WEIGHTS,
    select_threshold SELECT_THRESHOLD,
    restore_weights RESTORE_WEIGHTS,
    dampen_weights DAMPEN_WEIGHTS,
    noise_weights NOISE_WEIGHTS,
    unpack_images UNPACK_IMAGES,
    square SQUARE,
    step_images STEP_IMAGES,
    log_changes LOG_CHANGES,
    gradient_products GRADIENT_PRODUCTS,
    project_gradients PROJECT_GRADIENTS,
    score SCORE,
}
