(* What every theorem here starts from: the two functions of the bounds, and tactics. *)
From Coq Require Import Reals Psatz.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Tactic.
Open Scope R_scope.

(* n ceil(log2 n) and n log(e n), both 0 at n = 0. *)
Definition ceiling (x : R) : R := IZR (- Int_part (- x)).
Definition n_ceil_log2 (n : R) : R := n * ceiling (ln n / ln 2).
Definition n_log_en (n : R) : R := n * (1 + ln n).

Lemma ceiling_above : forall x, x <= ceiling x.
Proof. intros x. unfold ceiling. rewrite opp_IZR. destruct (base_Int_part (- x)). lra. Qed.

Lemma ceiling_below : forall x, ceiling x <= x + 1.
Proof. intros x. unfold ceiling. rewrite opp_IZR. destruct (base_Int_part (- x)). lra. Qed.

Lemma ln_2_positive : 0 < ln 2.
Proof. interval. Qed.

Lemma ln_nonnegative : forall x, 1 <= x -> 0 <= ln x.
Proof. intros x H. rewrite <- ln_1. destruct H; [left; apply ln_increasing; lra | subst; lra]. Qed.

Lemma ln_positive : forall x, 1 < x -> 0 < ln x.
Proof. intros x H. rewrite <- ln_1. apply ln_increasing; lra. Qed.

Lemma ln_negative : forall x, 0 < x -> x < 1 -> ln x < 0.
Proof. intros x H K. rewrite <- ln_1. apply ln_increasing; lra. Qed.

Lemma ln_nonpositive : forall x, 0 < x -> x <= 1 -> ln x <= 0.
Proof. intros x H [K | K]; [left; now apply ln_negative | subst; rewrite ln_1; lra]. Qed.

Lemma n_ceil_log2_above : forall n, 0 <= n -> n * (ln n / ln 2) <= n_ceil_log2 n.
Proof. intros n H. unfold n_ceil_log2. apply Rmult_le_compat_l; [exact H | apply ceiling_above]. Qed.

Lemma n_ceil_log2_below : forall n, 0 <= n -> n_ceil_log2 n <= n * (ln n / ln 2 + 1).
Proof. intros n H. unfold n_ceil_log2. apply Rmult_le_compat_l; [exact H | apply ceiling_below]. Qed.

Lemma n_ceil_log2_nonnegative : forall n, 1 <= n -> 0 <= n_ceil_log2 n.
Proof.
  intros n H. apply Rle_trans with (2 := n_ceil_log2_above n ltac:(lra)).
  apply Rmult_le_pos; [lra |]. apply Rmult_le_pos; [now apply ln_nonnegative |].
  left; apply Rinv_0_lt_compat, ln_2_positive.
Qed.

Lemma ceiling_is : forall x z, IZR z - 1 < x <= IZR z -> ceiling x = IZR z.
Proof.
  intros x z H. unfold ceiling. f_equal.
  enough (Int_part (- x) = (- z)%Z) by lia.
  unfold Int_part. rewrite <- (up_tech (- x) (- z)%Z); [lia | |]; rewrite ?plus_IZR, opp_IZR; lra.
Qed.

Lemma n_ceil_log2_dyadic : forall n (k : nat), 2 ^ k < n <= 2 ^ S k -> n_ceil_log2 n = n * IZR (Z.of_nat (S k)).
Proof.
  intros n k [L H]. unfold n_ceil_log2. f_equal. apply ceiling_is.
  assert (P : forall j, 0 < 2 ^ j) by (intro j; apply pow_lt; lra).
  assert (G : forall j, ln (2 ^ j) = INR j * ln 2).
  { induction j as [|j IH]. { simpl. rewrite ln_1. ring. }
    rewrite <- tech_pow_Rmult, ln_mult, IH, S_INR by (try apply P; lra). ring. }
  pose proof ln_2_positive as T. rewrite <- INR_IZR_INZ, S_INR.
  assert (A : INR k * ln 2 < ln n) by (rewrite <- G; apply ln_increasing; [apply P | exact L]).
  assert (B : ln n <= (INR k + 1) * ln 2).
  { rewrite <- S_INR, <- G. destruct H as [H | H]; [left; apply ln_increasing; [specialize (P k); lra | exact H] |].
    rewrite H. lra. }
  split; [apply Rmult_lt_reg_r with (1 := T) | apply Rmult_le_reg_r with (1 := T)];
    unfold Rdiv; rewrite ?Rmult_assoc, Rinv_l by lra; lra.
Qed.

Lemma n_ceil_log2_one : n_ceil_log2 1 = 0.
Proof.
  unfold n_ceil_log2. rewrite ln_1. unfold Rdiv. rewrite Rmult_0_l, (ceiling_is 0 0%Z) by lra. lra.
Qed.

Lemma log_scale : forall x a b, 0 < a -> a <= x -> x <= b -> exists u, ln a <= u <= ln b /\ x = exp u.
Proof.
  intros x a b A L H. exists (ln x). rewrite exp_ln by lra.
  assert (M : forall y z, 0 < y -> y <= z -> ln y <= ln z).
  { intros y z Y [K | K]; [left; now apply ln_increasing | rewrite K; lra]. }
  repeat split; apply M; lra.
Qed.

Lemma Rminus_signed_le : forall x y, x - y <= 0 -> x <= y.
Proof. intros x y H. lra. Qed.

Lemma Rminus_signed_lt : forall x y, x - y < 0 -> x < y.
Proof. intros x y H. lra. Qed.

Lemma exp_half_ln : forall x, 0 < x -> exp ((1 / 2) * ln x) = sqrt x.
Proof.
  intros x H. replace ((1 / 2) * ln x) with (ln (sqrt x)); [apply exp_ln, sqrt_lt_R0, H |].
  replace (ln x) with (ln (sqrt x * sqrt x)) by (now rewrite sqrt_sqrt by lra).
  rewrite ln_mult by (apply sqrt_lt_R0, H). lra.
Qed.

Lemma Rmin_first : forall x y, x - y <= 0 -> Rmin x y = x.
Proof. intros x y H. apply Rmin_left. lra. Qed.

Lemma Rmin_second : forall x y, y - x <= 0 -> Rmin x y = y.
Proof. intros x y H. apply Rmin_right. lra. Qed.

Lemma Rmin_by_Rabs : forall x y, Rmin x y = (x + y - Rabs (x - y)) / 2.
Proof. intros x y. unfold Rmin, Rabs. destruct (Rle_dec x y); destruct (Rcase_abs (x - y)); lra. Qed.

Lemma Rmax_by_Rabs : forall x y, Rmax x y = (x + y + Rabs (x - y)) / 2.
Proof. intros x y. unfold Rmax, Rabs. destruct (Rle_dec x y); destruct (Rcase_abs (x - y)); lra. Qed.

Lemma sqrt_scaled : forall x k y, 0 <= k -> 0 <= y -> x = k * k * y -> sqrt x = k * sqrt y.
Proof.
  intros x k y Hk Hy E. rewrite E, sqrt_mult; [rewrite sqrt_square by exact Hk; reflexivity | nra | exact Hy].
Qed.

Lemma Rpower_by : forall x y z, y * ln x = z -> Rpower x y = exp z.
Proof. intros x y z H. unfold Rpower. now rewrite H. Qed.

(* Signs, by the shape of an expression; linear and then nonlinear arithmetic where the shape does not tell. *)
Ltac sign :=
  first
    [ assumption
    | lra
    | lazymatch goal with
      | |- _ /\ _ => split; sign
      | |- 0 < exp _ => apply exp_pos
      | |- 0 <= exp _ => left; apply exp_pos
      | |- 0 < Rpower _ _ => apply exp_pos
      | |- 0 <= Rpower _ _ => left; apply exp_pos
      | |- 0 <= sqrt _ => apply sqrt_pos
      | |- 0 < sqrt _ => apply sqrt_lt_R0; sign
      | |- 0 <= Rabs _ => apply Rabs_pos
      | |- 0 < ln _ => apply ln_positive; first [sign | interval]
      | |- 0 <= ln _ => apply ln_nonnegative; first [sign | interval]
      | |- 0 <= n_ceil_log2 _ => apply n_ceil_log2_nonnegative; sign
      | |- 0 < / _ => apply Rinv_0_lt_compat; sign
      | |- 0 <= / _ => left; apply Rinv_0_lt_compat; sign
      | |- 0 < _ / _ => apply Rdiv_lt_0_compat; sign
      | |- 0 <= _ / _ => apply Rmult_le_pos; [sign | left; apply Rinv_0_lt_compat; sign]
      | |- 0 < _ * _ => apply Rmult_lt_0_compat; sign
      | |- 0 <= _ * _ => apply Rmult_le_pos; sign
      | |- 0 < _ ^ _ => apply pow_lt; sign
      | |- 0 <= _ ^ 2 => apply pow2_ge_0
      | |- 0 <= _ ^ _ => apply pow_le; sign
      | |- 0 < _ + _ => first [apply Rplus_lt_0_compat; sign | apply Rplus_le_lt_0_compat; sign | apply Rplus_lt_le_0_compat; sign]
      | |- 0 <= _ + _ => apply Rplus_le_le_0_compat; sign
      | |- 0 <= Rmin _ _ => apply Rmin_glb; sign
      | |- ?a > ?b => change (b < a); sign
      | |- ?a >= ?b => apply Rle_ge; sign
      | |- _ ^ _ <> 0 => apply pow_nonzero; sign
      | |- _ * _ <> 0 => apply Rmult_integral_contrapositive_currified; sign
      | |- / _ <> 0 => apply Rinv_neq_0_compat; sign
      | |- ?a <> 0 => first [apply Rgt_not_eq; change (0 < a); sign | intro; nra]
      end
    | nra ].

(* A logarithm of a product, written as a sum: compare the exponentials. *)
Ltac logarithm :=
  apply exp_inv; unfold Rminus, Rdiv, Rpower; repeat rewrite exp_plus; repeat rewrite exp_Ropp;
  repeat (rewrite exp_ln; [| solve [sign]]); rewrite ?exp_0; try field; sign.

(* The exponential of a sum of logarithms and other terms, as a product. *)
Ltac exponential :=
  repeat rewrite exp_plus; repeat rewrite exp_Ropp; repeat (rewrite exp_ln; [| solve [sign]]);
  repeat (rewrite exp_half_ln; [| solve [sign]]); rewrite ?exp_0.

(* Equal by equal arguments. *)
Ltac arguments :=
  repeat
    lazymatch goal with
    | |- Rmax _ _ = Rmax _ _ => apply f_equal2
    | |- Rmin _ _ = Rmin _ _ => apply f_equal2
    | |- sqrt _ = sqrt _ => apply f_equal
    | |- exp _ = exp _ => apply f_equal
    | |- ln _ = ln _ => apply f_equal
    | |- Rabs _ = Rabs _ => apply f_equal
    | |- n_ceil_log2 _ = n_ceil_log2 _ => apply f_equal
    | |- n_log_en _ = n_log_en _ => apply f_equal
    end.

(* Take a function value for a number. *)
Ltac hide t := let a := fresh "a" in set (a := t) in *; clearbody a.

(* Note the sign of an expression, where it is known. *)
Ltac sign_of t :=
  first [assert (0 < t) by sign | assert (t < 0) by (apply ln_negative; sign) | assert (0 <= t) by sign | idtac].

(* A power or an exponential is that of what its exponent is equal to. *)
Ltac power := first [apply Rpower_by | apply f_equal].

(* A derivative, by the rules. *)
Ltac derivative := auto_derive; [repeat split; sign | first [ring | field; sign]].

(* A sum over 1, ..., N + 1, by induction. *)
Ltac summation :=
  let N := fresh "N" in intro N; induction N as [|N IH]; simpl sum_f_R0;
  [ simpl INR; first [ring | field; sign] | rewrite IH, S_INR; first [ring | field; sign]].

(* Hypotheses that can be met. *)
Ltac witness :=
  cbv beta; rewrite ?Rabs_R0;
  first
    [ lra
    | intros; first [apply Rle_refl | sign]
    | interval
    | intro; interval ].

(* An inequality. *)
Ltac order :=
  first
    [ solve [sign]
    | nra
    | interval
    | unfold Rmin, Rmax; repeat destruct (Rle_dec _ _); lra
    | repeat (rewrite ln_mult by sign); rewrite ?ln_exp; solve [sign] ].

(* The sign of a sum whose terms have it: strictly, by its first one or by all of them. *)
Ltac weakly := repeat (apply Rplus_le_le_0_compat; [| solve [sign]]); solve [sign].
Ltac strictly :=
  first [repeat (apply Rplus_lt_le_0_compat; [| solve [sign]]); solve [sign] | solve [sign]].
